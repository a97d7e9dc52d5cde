"""Prepare, open and void a testing meeting."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy import CursorResult, delete, select, update

from app.actions.audit import note_meeting
from app.actions.grading import scheme_of
from app.actions.quorum import quorum_obstacles
from app.actions.sweep import destroy_after_ending
from app.actions.urn_state import Stop, found_urn, new_stop, resume_urn, stop_urn
from app.actions.whereabouts import other_host, this_host
from app.config import ConfigError, base_url
from app.domain.credential import SEED_BYTES, Seed, key_digest, public_key
from app.domain.errors import (
    BadInput,
    MeetingFrozen,
    MeetingNotReady,
    MeetingStateChanged,
    MeetingUnknown,
    UrnElsewhere,
)
from app.domain.meeting import (
    CODE_LENGTH,
    K_LEAST,
    K_MOST,
    POLICIES,
    Form,
    Obstacle,
    PlannedGroup,
    PlannedSubject,
    build_form,
    obstacles,
)
from app.domain.slip import ALPHABET
from app.models import (
    FinalGrade,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Round,
    SelfAssessment,
    VoterGroup,
    db,
    paper_entries,
)
from app.models.base import writing
from app.models.urn_file import UrnMissing, urn_exists, urn_writing

GROUPS_MOST = 9
EXPECTED_MOST = 20_000

log = structlog.get_logger()


class Settings(NamedTuple):
    """What a draft's first step asks. wifi: name of the room's network, or empty."""

    title: str
    host: str
    wifi: str
    base_url: str
    rehearsal: bool = False


def create_meeting(
    round_id: int, settings: Settings, organisation_id: int | None = None
) -> Meeting:
    """A new draft in a round; raises BadInput.

    organisation_id: to whose part of the tree it belongs while it tests nobody; None: all of it.
    """
    meeting = new_draft(round_id, settings, organisation_id)
    db.session.commit()
    return meeting


def new_draft(round_id: int, settings: Settings, organisation_id: int | None) -> Meeting:
    """As `create_meeting`, in the transaction at hand."""
    _require_rehearsal(db.session.get(Round, round_id), settings)
    meeting = Meeting(
        round_id=round_id,
        organisation_id=organisation_id,
        code=_fresh_code(),
        **_checked(settings)._asdict(),
    )
    db.session.add(meeting)
    db.session.flush()
    return meeting


def change_settings(meeting_id: int, settings: Settings) -> Meeting:
    """Change a draft's title, host, Wi-Fi name, address; raises BadInput, MeetingFrozen."""
    meeting = _draft(meeting_id)
    _require_rehearsal(meeting.round, settings)
    for name, value in _checked(settings)._asdict().items():
        setattr(meeting, name, value)
    db.session.commit()
    return meeting


def choose_subjects(meeting_id: int, record_ids: Sequence[int]) -> Meeting:
    """Put these records on the ballot, in this order; all must belong to the meeting's round."""
    meeting = _draft(meeting_id)
    found = db.session.scalars(
        select(GradingRecord.id).where(
            GradingRecord.round_id == meeting.round_id, GradingRecord.id.in_(record_ids)
        )
    )
    if set(found) != set(record_ids) or len(set(record_ids)) != len(record_ids):
        raise BadInput("所选测评对象不在本轮分类定级中，请刷新页面重选。")
    meeting.subjects.clear()
    db.session.flush()
    meeting.subjects = [
        MeetingSubject(position=position, record_id=record_id)
        for position, record_id in enumerate(record_ids, start=1)
    ]
    db.session.commit()
    return meeting


def set_groups(meeting_id: int, groups: Sequence[tuple[str, int]]) -> Meeting:
    """Set the voter groups (name, expected number), replacing those that were there."""
    meeting = _draft(meeting_id)
    names = [name.strip() for name, _ in groups]
    if len(groups) > GROUPS_MOST:
        raise BadInput(f"参会人员类别最多 {GROUPS_MOST} 类。")
    if any(not 1 <= len(name) <= 40 for name in names) or len(set(names)) != len(names):
        raise BadInput("每类参会人员都要有名称（40 字以内），且名称不能相同。")
    if any(not 0 <= expected <= EXPECTED_MOST for _, expected in groups):
        raise BadInput(f"应到人数应为 0 到 {EXPECTED_MOST} 的整数。")
    meeting.groups.clear()
    db.session.flush()
    meeting.groups = [
        VoterGroup(code=f"g{number}", name=name, expected=expected)
        for number, (name, (_, expected)) in enumerate(zip(names, groups, strict=True), start=1)
    ]
    db.session.commit()
    return meeting


def set_policy(meeting_id: int, policy: str, k: int, entrance: bool = False) -> Meeting:
    """Choose what the screen shows while the meeting is open, and the batch size k.

    entrance: whether screens at the entrance may hand out codes (app.actions.entrance).
    """
    meeting = _draft(meeting_id)
    if policy not in POLICIES:
        raise BadInput("请选择大屏公布方式。")
    if not K_LEAST <= k <= K_MOST:
        raise BadInput(f"每批票数应为 {K_LEAST} 到 {K_MOST} 的整数。")
    meeting.policy, meeting.k, meeting.entrance = policy, k, entrance
    db.session.commit()
    return meeting


def ballot_form(meeting: Meeting) -> Form:
    """The form as it was frozen, or as it would be by now."""
    if meeting.form is not None and meeting.state != "draft":
        return msgspec.convert(meeting.form, Form)
    return build_form(planned_subjects(meeting))


def obstacles_to_opening(meeting: Meeting) -> tuple[Obstacle, ...]:
    """All that keeps this draft from opening, with the remedies."""
    found = list(
        obstacles(
            planned_subjects(meeting),
            [PlannedGroup(g.code, g.name, g.expected) for g in meeting.groups],
            meeting.k,
            meeting.policy,
        )
    )
    if not meeting.rehearsal:
        found += [*_clashes(meeting), *_unchecked(meeting)]
    return (*found, *quorum_obstacles(meeting))


def open_meeting(meeting_id: int, draw: Callable[[int], bytes] = secrets.token_bytes) -> Meeting:
    """Freeze form and policy, draw the seed, publish the keys: draft → open.

    Raises MeetingNotReady naming the first obstacle, MeetingStateChanged where it is no draft.
    """
    with writing():
        meeting = get_meeting(meeting_id)
        stop = begin_voting(meeting, draw)
    voting_began(meeting, stop)
    return meeting


def begin_voting(meeting: Meeting, draw: Callable[[int], bytes] = secrets.token_bytes) -> Stop:
    """As `open_meeting`, in the transaction at hand; `voting_began` follows its commit."""
    if meeting.state != "draft":
        raise MeetingStateChanged
    blocking = [obstacle for obstacle in obstacles_to_opening(meeting) if obstacle.blocking]
    if blocking:
        raise MeetingNotReady(f"还不能开启：{blocking[0].what}{blocking[0].remedy}")
    seed = Seed(draw(SEED_BYTES))
    keys = {group.code: public_key(seed, meeting.code, group.code) for group in meeting.groups}
    for group in meeting.groups:
        group.public_key = keys[group.code]
    form = msgspec.to_builtins(build_form(planned_subjects(meeting)))
    if not update_state(
        meeting,
        ("draft",),
        state="open",
        key_digest=key_digest(keys),
        form=form,
        urn_host=this_host(),
    ):
        raise MeetingStateChanged
    return found_urn(meeting, seed, form)


def voting_began(meeting: Meeting, stop: Stop) -> None:
    """The transaction of `begin_voting` is committed: ballots may come in."""
    # Where somebody has ended it in this very moment, the page says so.
    with suppress(UrnMissing):
        resume_urn(meeting.code, stop)
    log.info("meeting_opened", meeting=meeting.code)


def void_meeting(meeting_id: int, reason: str, host_is_lost: bool = False) -> Meeting:
    """Destroy a meeting's ballots and slips without counting them: draft or open → voided.

    host_is_lost: the host that has the urn will never come back. Otherwise raises UrnElsewhere
    where it is another, which would go on taking ballots. Should it come back, it destroys the urn.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= 200:
        raise BadInput("请写明作废的原因（200 字以内）。")
    with writing():
        meeting = get_meeting(meeting_id)
        elsewhere = other_host(meeting.urn_host)
        if elsewhere and meeting.state == "open" and not host_is_lost:
            raise UrnElsewhere(elsewhere)
        with stopped(meeting) as stop:
            if meeting.state == "open":
                # Into a file that cannot be read nothing comes either.
                with suppress(UrnMissing), urn_writing(meeting.code) as urn:
                    stop_urn(urn, stop)
            if not update_state(meeting, ("draft", "open"), state="voided", void_reason=reason):
                raise MeetingStateChanged
            db.session.execute(
                delete(paper_entries).where(paper_entries.c.meeting_id == meeting.id)
            )
    log.info("meeting_voided", meeting=meeting.code)
    destroy_after_ending(meeting.code)
    return meeting


@contextmanager
def stopped(meeting: Meeting) -> Iterator[Stop]:
    """The stop for this block; it is lifted where the end of an open meeting fails in the block.

    Not where the commit after it fails: then nobody knows whether the meeting has ended.
    """
    was_open, stop = meeting.state == "open", new_stop()
    try:
        yield stop
    except BaseException:
        if was_open:
            with suppress(UrnMissing):
                resume_urn(meeting.code, stop)
        raise


def leaves_traces(meeting: Meeting) -> bool:
    """Whether the urn of a meeting that has ended could not be destroyed yet."""
    return meeting.state in ("closed", "voided") and urn_exists(meeting.code)


def revoke_display(meeting_id: int) -> Meeting:
    """Make the display link given out so far useless."""
    meeting = get_meeting(meeting_id)
    meeting.display_version = Meeting.display_version + 1
    db.session.commit()
    return meeting


def revoke_entrance(meeting_id: int) -> Meeting:
    """Make the entrance screens' link useless; the codes that they show can still be scanned."""
    meeting = get_meeting(meeting_id)
    meeting.entrance_version = Meeting.entrance_version + 1
    db.session.commit()
    return meeting


def get_meeting(meeting_id: int) -> Meeting:
    """The meeting of this id; raises MeetingUnknown."""
    meeting: Meeting | None = db.session.get(Meeting, meeting_id)
    if meeting is None:
        raise MeetingUnknown
    return meeting


def meeting_by_code(code: str) -> Meeting:
    """The meeting of this code; raises MeetingUnknown."""
    meeting = db.session.scalar(select(Meeting).where(Meeting.code == code))
    if meeting is None:
        raise MeetingUnknown
    return meeting


def update_state(meeting: Meeting, before: Sequence[str], **values: object) -> bool:
    """Change the row if its state is still one of `before`; False where somebody was faster."""
    statement = (
        update(Meeting)
        .where(Meeting.id == meeting.id, Meeting.state.in_(before))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()
    old = {name: getattr(meeting, name) for name in values}
    result = db.session.execute(statement)
    db.session.refresh(meeting)
    done = isinstance(result, CursorResult) and result.rowcount == 1
    if done:
        note_meeting(meeting, {name: (old[name], value) for name, value in values.items()})
    return done


def _require_rehearsal(round_: Round | None, settings: Settings) -> None:
    if round_ is not None and round_.practice and not settings.rehearsal:
        raise BadInput("这是演练用的数据，只能开演练会。正式的测评会请另建组织和轮次。")


def _checked(settings: Settings) -> Settings:
    title = settings.title.strip()
    if not 1 <= len(title) <= 100:
        raise BadInput("请填写测评会名称（100 字以内）。")
    if len(settings.host.strip()) > 60 or len(settings.wifi.strip()) > 60:
        raise BadInput("主持单位和 Wi-Fi 名称都不能超过 60 字。")
    address = checked_address(settings.base_url)
    return Settings(
        title, settings.host.strip(), settings.wifi.strip(), address, settings.rehearsal
    )


def checked_address(typed: str) -> str:
    """The address for phones as it stands on slips; raises BadInput."""
    try:
        return base_url(typed)
    except ConfigError as error:
        raise BadInput(
            "手机访问地址不对。请填写如 http://192.168.1.10:8000 的地址，后面不带路径。"
        ) from error


def _draft(meeting_id: int) -> Meeting:
    meeting = get_meeting(meeting_id)
    if meeting.state != "draft":
        raise MeetingFrozen
    return meeting


def _fresh_code() -> str:
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        if db.session.scalar(select(Meeting.id).where(Meeting.code == code)) is None:
            return code


def planned_subjects(meeting: Meeting) -> list[PlannedSubject]:
    """What the scheme says of each subject, in the order of the form."""
    scheme = scheme_of(meeting.round)
    return [
        PlannedSubject(
            name=subject.record.organisation.name,
            questions=scheme.ballot_questions(subject.record.domain),
            satisfaction=scheme.satisfaction_rule(subject.record.domain),
            groups=scheme.voter_groups(subject.record.domain),
        )
        for subject in meeting.subjects
    ]


def _unchecked(meeting: Meeting) -> list[Obstacle]:
    """Advice where a self-assessment is begun and not accepted: it comes before the meeting.

    Source: 商都县 2012, 四之3: 收到自评报告后要……进行复核,并组织召开……测评会.
    """
    names = {subject.record_id: subject.record.organisation.name for subject in meeting.subjects}
    rows = db.session.execute(
        select(SelfAssessment.record_id, SelfAssessment.state)
        .where(SelfAssessment.record_id.in_(names))
        .order_by(SelfAssessment.version)
    )
    latest = {row.record_id: row.state for row in rows}
    return [
        Obstacle(
            f"“{names[record_id]}”的自评还没有复核。",
            "按程序先复核自评，再开测评会；要先测评的，可以照常开启。",
            blocking=False,
        )
        for record_id, state in latest.items()
        if state != "accepted"
    ]


def _clashes(meeting: Meeting) -> list[Obstacle]:
    records = {subject.record_id: subject.record for subject in meeting.subjects}
    busy = db.session.scalars(
        select(MeetingSubject)
        .join(Meeting, Meeting.id == MeetingSubject.meeting_id)
        .where(
            MeetingSubject.record_id.in_(records),
            Meeting.state == "open",
            Meeting.rehearsal.is_(False),
            Meeting.id != meeting.id,
        )
    )
    final = set(
        db.session.scalars(select(FinalGrade.record_id).where(FinalGrade.record_id.in_(records)))
    )
    return (
        [
            Obstacle(
                f"“{record.organisation.name}”的等级已经确定，测评结果不能再改。",
                "复评请在新的一轮里开测评会，或从本会去掉这个测评对象。",
            )
            for record in records.values()
            if record.id in final
        ]
        + [
            Obstacle(
                f"“{subject.record.organisation.name}”正在另一个测评会中测评。",
                "请先结束那个测评会，或从本会去掉这个测评对象。",
            )
            for subject in busy
        ]
        + [
            Obstacle(
                f"“{record.organisation.name}”已有测评结果。",
                "本会计票后，新的结果会取代原来的结果。",
                blocking=False,
            )
            for record in records.values()
            if record.mass is not None
        ]
    )
