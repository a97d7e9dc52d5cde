"""Mingce, in the order in which a testing meeting goes through it.

A `scheme` (app.domain.scheme) says how organisations are graded. A round applies it: each
organisation in it has one grading record (app.actions.round, app.actions.record). A meeting
(app.actions.meeting) puts several records on one ballot and, once open, issues slips
(app.actions.slip). A phone exchanges its slip for a blind credential (app.actions.credential),
and the credential for a ballot whose cells go into the box one by one (app.actions.ballot),
where they lie in no order of arrival until it closes (app.actions.urn). Meanwhile the screen
follows one batch behind (app.actions.live). Closing (app.actions.closing) rewrites the box,
forgets everything that could tie a slip to a mark, and hands the tally (app.domain.tally) to the
records, where the grade follows with its reasons (app.domain.grading).

Doors: `voting` has no accounts, `admin` has. Both call `app.actions`, which call `app.models`
and decide with `app.domain`. Nothing imports upwards.
"""
