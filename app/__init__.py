"""Mingce, in the order in which a testing meeting goes through it.

A `scheme` (app.domain.scheme) says how organisations are graded. A round applies it: each
organisation in it has one grading record (app.actions.round, app.actions.record). A meeting
(app.actions.meeting) puts several records on one ballot and, once open, issues slips
(app.actions.slip). A phone exchanges its slip for a blind credential (app.actions.credential),
and the credential for a ballot whose cells go into the urn one by one (app.actions.ballot),
a file of the open meeting's own (app.models.urn_file) in which they lie in no order of arrival
(app.actions.urn). Meanwhile the screen follows one batch behind (app.actions.picture,
app.actions.live). Closing (app.actions.closing) publishes the box, destroys the urn with everything
that could tie a slip to a mark, and hands the tally (app.domain.tally) to the records, where the
grade follows with its reasons (app.domain.grading).

Who has no phone gets a paper (app.actions.paper), and so does who lost what it had after scanning
(app.actions.replacement); attendance is kept in numbers (app.actions.attendance, with its quorum in
app.actions.quorum), and all sums must agree on the count sheet (app.domain.reconciliation). Opening
and closing take two people (app.actions.confirmation, app.actions.witness); voting may end by a
countdown (app.actions.countdown, app.actions.ending) that the server keeps (app.keeper). A
rehearsal is a meeting that reaches no record (app.actions.rehearsal, app.actions.practice), where
the voters of app.phones may vote (app.actions.simulation).

Around the meeting stand the steps of a round (app.actions.step, app.actions.standing): survey,
self-assessment, and the superior's assessment, which decides (app.actions.assessment). Then come
the public notice with its objections (app.actions.notice, app.actions.objection), the final grades
(app.actions.finalising) and the rectification (app.actions.rectification). Whatever is changed on
the way is noted (app.actions.audit).

Doors: `voting` has no accounts, `admin` has. Both call `app.actions`, which call `app.models`
and decide with `app.domain`. Nothing imports upwards.
"""
