"""Every route × every role × own and foreign: allowed or refused as docs/rights.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text

from app.actions.account import SignedIn, create_account, give_account, reset_password, signed_in
from app.actions.library import find_scheme
from app.actions.meeting import Settings, choose_subjects, create_meeting
from app.actions.organisation import create_organisation
from app.actions.round import Member, RoundWish, create_round
from app.actions.scheme_version import copy_scheme
from app.domain.errors import BadInput
from app.domain.rights import ACTIONS, ROLES
from app.factory import ROOT
from app.models import (
    Account,
    Attachment,
    AttachmentContent,
    Correction,
    FinalGrade,
    GradingRecord,
    Notice,
    Objection,
    Rectification,
    Round,
    SelfAssessment,
    Visit,
    db,
)
from tests.admin.conftest import BASE, NAME, PASSWORD, Office

DOC = (Path(__file__).resolve().parents[2] / "docs" / "rights.md").read_text()
DAY = date(2012, 4, 5)
EVERYWHERE = ("system_admin", "auditor")
BY_ROUND = "组织本轮的党组织在范围内"


def _rows(heading: str) -> list[list[str]]:
    part = DOC.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def _table() -> dict[str, set[str]]:
    """Role → actions, as written."""
    return {
        role: {row[1] for row in _rows("角色和权限") if row[2 + number] == "●"}
        for number, role in enumerate(ROLES)
    }


class Place(NamedTuple):
    """One committee with one branch, and one object of each kind of the branch."""

    committee: int
    branch: int
    values: dict[str, Any]


@pytest.fixture
def world(app: Flask) -> tuple[Place, Place]:
    """Two committees of one county, that have nothing to do with each other."""
    with app.app_context():
        county = create_organisation("县委", "committee", None).id
        return _place("甲", county), _place("乙", county)


def _place(name: str, county: int) -> Place:
    committee = create_organisation(f"{name}镇党委", "committee", county).id
    branch = create_organisation(f"{name}村党支部", "branch", committee).id
    members = (Member(branch, "institution"),)
    wish = RoundWish(f"{name}镇2012年", "huaixiang-2012", None, True, members, committee)
    round_id = create_round(wish).id
    record_id = db.session.scalars(
        select(GradingRecord.id).where(GradingRecord.round_id == round_id)
    ).one()
    meeting_id = create_meeting(round_id, Settings(f"{name}会", "", "", BASE)).id
    choose_subjects(meeting_id, [record_id])
    visit = Visit(record_id=record_id)
    own = SelfAssessment(record_id=record_id, version=1, state="draft")
    content = AttachmentContent(content=b"%PDF-1.7")
    notice = Notice(
        code=f"AAAAAAA{round_id}", version=1, round_id=round_id, title="公示", body="公示",
        issuer="党委", contact="电话", published_on=DAY, days=1, counted="calendar", ends=DAY,
    )  # fmt: skip
    plan = Rectification(
        record_id=record_id, code=f"BBBBBBB{round_id}", organisation=name, grade="较差",
        problems="一", measures="二", responsible="三", published=False, begun_on=DAY, deadline=DAY,
    )  # fmt: skip
    grade = FinalGrade(record_id=record_id, version=1, kind="final", grade="较差", decided_on=DAY)
    db.session.add_all([visit, own, content, notice, plan, grade])
    db.session.flush()
    correction = Correction(
        record_id=record_id, attempt=1, replaces_id=grade.id, grade="一般", reason="算错",
        proposed_on=DAY,
    )  # fmt: skip
    file = Attachment(
        assessment_id=own.id, content_id=content.id, position=0, name="一.pdf", kind="pdf", size=8
    )
    objection = Objection(
        notice_id=notice.id, notice_code=notice.code, number=1, text="有意见", received_on=DAY
    )
    db.session.add_all([file, objection, correction])
    db.session.commit()
    by = SignedIn(0, name, 1, "superior", committee)
    scheme = copy_scheme(find_scheme("huaixiang-2012"), f"copy-{round_id}", f"{name}方案", by, DAY)
    values = {
        "organisation_id": branch, "round_id": round_id, "record_id": record_id,
        "meeting_id": meeting_id, "visit_id": visit.id, "attachment_id": file.id,
        "scheme_id": scheme.scheme_id, "code": notice.code, "objection_id": objection.id,
        "rectification_id": plan.id, "correction_id": correction.id,
    }  # fmt: skip
    return Place(committee, branch, values)


@pytest.fixture
def doors(app: Flask, world: tuple[Place, Place]) -> dict[str, FlaskClient]:
    """Role → a browser in which somebody of this role of the first committee has logged in."""
    found = {}
    for role in ROLES:
        place = world[0].branch if role == "branch_secretary" else world[0].committee
        account(app, role, None if role in EVERYWHERE else place)
        office = Office(app, app.test_client())
        assert office.log_in(role).status_code == 302
        found[role] = office.client
    return found


def account(app: Flask, name: str, place: int | None, role: str = "") -> None:
    """role: where the account is not called by it."""
    with app.app_context():
        account = create_account(name, PASSWORD)
        account.role, account.organisation_id = role or name, place
        db.session.commit()


def _address(rule: str, values: dict[str, Any]) -> str:
    known = {
        **values, "signed": "x", "screen": "x", "version": 1, "name": "register",
        "kind": "xlsx", "group": "g1", "account_id": 1, "step": "screen",
    }  # fmt: skip
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), rule)


def _lawful(role: str, actions: set[str], action: str, scope: str, own: bool) -> bool:
    """What the words of the page mean."""
    if scope == "自己的账号":
        return True
    if action not in actions:
        return False
    if role in EVERYWHERE or scope.startswith("有权限就行"):
        return True
    if scope == "看全部的账号" or not own:
        return False
    return not (scope == BY_ROUND and role == "branch_secretary")


def _cases() -> Iterator[tuple[str, str, str, str, str]]:
    for rule, endpoint, get, post, scope in _rows("页面和权限"):
        for method, action in (("GET", get), ("POST", post)):
            if action or scope == "自己的账号":
                yield rule, endpoint, method, action, scope


def test_every_route_lets_in_whom_the_page_says_and_nobody_else(
    app: Flask, world: tuple[Place, Place], doors: dict[str, FlaskClient]
) -> None:
    table = _table()
    app.config["WTF_CSRF_ENABLED"] = False
    # The views stand aside: nothing that one asks for may change what the next one meets.
    for endpoint in app.view_functions:
        if endpoint.startswith("admin."):
            app.view_functions[endpoint] = lambda **_: "reached"
    methods = {r.endpoint: r.methods or set() for r in app.url_map.iter_rules()}
    asked = 0
    for rule, endpoint, method, action, scope in _cases():
        if method not in methods[f"admin.{endpoint}"]:
            continue
        for role, client in doors.items():
            for own, place in ((True, world[0]), (False, world[1])):
                if not own and "<" not in rule:
                    continue
                mine = own or not re.search(r"_id|<code>", rule)
                answer = client.open(_address(rule, place.values), method=method)
                lawful = _lawful(role, table[role], action, scope, mine)
                case = (role, method, rule, "own" if own else "foreign", answer.status_code)
                assert (answer.text == "reached") == lawful, case
                assert answer.status_code == (200 if lawful else 403), case
                asked += 1
    assert asked > 1000


def test_the_page_has_every_route_and_every_right(app: Flask) -> None:
    written = {(row[0], row[1]) for row in _rows("页面和权限")}
    rules = {
        (rule.rule, rule.endpoint.removeprefix("admin."))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.")
    }
    assert written == rules
    assert {row[1] for row in _rows("角色和权限")} == set(ACTIONS)


def test_a_route_that_nobody_has_listed_is_refused_to_everybody(
    app: Flask, doors: dict[str, FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    from admin import rights

    monkeypatch.delitem(rights.RIGHTS, "rounds")
    assert doors["system_admin"].get("/admin/rounds").status_code == 403


def test_nobody_decides_on_his_own_organisation(app: Flask, world: tuple[Place, Place]) -> None:
    account(app, "superior", world[0].branch)
    office = Office(app, app.test_client())
    office.log_in("superior")
    record = world[0].values["record_id"]
    assert office.get(f"/admin/records/{record}/assessment").status_code == 200
    wish = {"grade": "好", "reason": ""}
    assert office.post(f"/admin/records/{record}/decision", wish).status_code == 403


def test_whoever_does_not_hold_the_round_neither_corrects_its_grades_nor_takes_anybody_out(
    app: Flask, world: tuple[Place, Place]
) -> None:
    with app.app_context():
        round_ = db.session.get(Round, world[0].values["round_id"])
        assert round_ is not None
        round_.organisation_id = None
        db.session.commit()
    account(app, "superior", world[0].committee)
    office = Office(app, app.test_client())
    office.log_in("superior")
    record = f"/admin/records/{world[0].values['record_id']}"
    assert office.get(f"{record}/final").status_code == 200
    assert office.post(f"{record}/final", {"grade": "好", "reason": "一"}).status_code == 403
    assert office.post(f"{record}/remove").status_code == 403
    steps = f"/admin/rounds/{world[0].values['round_id']}"
    assert office.get(f"{steps}/steps").status_code == 200
    assert office.post(f"{steps}/steps", {"from-1": "2012-01-01"}).status_code == 403
    assert office.post(f"{steps}/points", {"totals": "1"}).status_code == 403


def test_lists_show_ones_own_part_of_the_tree(
    app: Flask, world: tuple[Place, Place], doors: dict[str, FlaskClient]
) -> None:
    for path in ("/admin/", "/admin/rounds", "/admin/organisations", "/admin/rectifications"):
        for role in ("superior", "branch_secretary", "host"):
            page = doors[role].get(path)
            assert page.status_code == 200
            assert "甲" in page.text, (role, path)
            assert "乙" not in page.text, (role, path)
    assert "乙" in doors["auditor"].get("/admin/rounds").text


def test_what_is_named_in_a_form_must_be_in_reach_too(
    app: Flask, world: tuple[Place, Place], doors: dict[str, FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    own, foreign = world
    chief = doors["superior"]
    move = {"parent_id": str(foreign.committee)}
    answer = chief.post(f"/admin/organisations/{own.branch}/parent", data=move)
    assert "不在您负责的范围内" in answer.text
    merge = {"target": str(foreign.branch), "reason": "批复"}
    answer = chief.post(f"/admin/organisations/{own.branch}/merge", data=merge)
    assert "不在您负责的范围内" in answer.text
    wish = {
        "title": "越界", "totals_only": "y", "holder": str(own.committee),
        "organisation": str(foreign.branch), f"domain-{foreign.branch}": "institution",
    }  # fmt: skip
    assert "不在您负责的范围内" in chief.post("/admin/rounds/new/huaixiang-2012", data=wish).text
    everybody = {"title": "无主", "totals_only": "y", "everybody": "1"}
    answer = chief.post("/admin/rounds/new/huaixiang-2012", data=everybody)
    assert "不在您负责的范围内" in answer.text
    subjects = f"/admin/meetings/{own.values['meeting_id']}/subjects"
    answer = doors["host"].post(subjects, data={"record": str(foreign.values["record_id"])})
    assert "不在您负责的范围内" in answer.text
    entries = f"/admin/rectifications/{own.values['rectification_id']}/entries"
    accepted = {"kind": "accepted", "text": "合格"}
    answer = doors["branch_secretary"].post(entries, data=accepted)
    assert "不在您负责的范围内" in answer.text


def test_an_account_is_given_with_a_password_that_must_be_changed(
    app: Flask, office: Office, world: tuple[Place, Place]
) -> None:
    wish = {"name": "甲镇 李书记", "role": "branch_secretary", "organisation": world[0].branch}
    page = office.post("/admin/accounts/new", wish)
    found = re.search(r'id="password">([^<]+)<', page.text)
    assert found, page.text
    new = Office(app, app.test_client())
    assert new.log_in("甲镇 李书记", found[1]).status_code == 302
    assert new.get("/admin/rounds").location == "/admin/password"
    same = {"old": found[1], "password": found[1], "again": found[1]}
    assert "新密码和现在的一样" in new.post("/admin/password", same).text
    wish = {"old": found[1], "password": "my own password", "again": "my own password"}
    assert new.post("/admin/password", wish).status_code == 302
    assert new.log_in("甲镇 李书记", "my own password").status_code == 302
    assert new.get("/admin/rounds").status_code == 200
    assert "甲镇 李书记" in office.get("/admin/accounts").text


def test_an_organisation_that_somebody_sees_to_is_not_deleted(app: Flask, office: Office) -> None:
    with app.app_context():
        place = create_organisation("新镇党委", "committee", None).id
    account(app, "host", place)
    assert office.post(f"/admin/organisations/{place}/delete").status_code == 409
    with app.app_context():
        db.session.execute(delete(Account).where(Account.name == "host"))
        db.session.commit()
    assert office.post(f"/admin/organisations/{place}/delete").status_code == 302


def test_a_disabled_account_is_out_at_once(
    app: Flask, office: Office, world: tuple[Place, Place]
) -> None:
    account(app, "host", world[0].committee)
    host = Office(app, app.test_client())
    host.log_in("host")
    with app.app_context():
        host_id = db.session.scalars(select(Account.id).where(Account.name == "host")).one()
    wish = {"role": "host", "organisation": world[0].committee, "disabled": "1"}
    assert office.post(f"/admin/accounts/{host_id}", wish).status_code == 302
    assert host.get("/admin/").location.startswith("/admin/login")
    assert host.log_in("host").status_code == 401


def test_the_last_system_admin_stays_and_nobody_rises_above_himself(
    app: Flask, office: Office, world: tuple[Place, Place]
) -> None:
    with app.app_context():
        mine = db.session.scalars(select(Account.id).where(Account.name == NAME)).one()
        superior = signed_in(mine, 1)
        assert superior is not None
        low = superior._replace(role="superior", organisation_id=world[0].committee, id=99)
        reach = frozenset({world[0].committee, world[0].branch})
        with pytest.raises(BadInput, match="比自己高"):
            give_account(low, reach, "新人", "system_admin", None)
        with pytest.raises(BadInput, match="范围内"):
            give_account(low, reach, "新人", "host", world[1].committee)
        from app.actions.account import change_account
        from app.domain.errors import AccountUnknown

        with pytest.raises(AccountUnknown):
            reset_password(mine, low, reach)
        with pytest.raises(BadInput, match="自己的密码"):
            reset_password(mine, superior, None)
        other = superior._replace(id=99)
        with pytest.raises(BadInput, match="最后一个系统管理员"):
            change_account(mine, other, None, "system_admin", None, disabled=True)


def test_a_session_ends_when_it_is_left_alone_or_too_old(app: Flask, office: Office) -> None:
    for name, age in (("seen", 2 * 3600), ("begun", 13 * 3600)):
        with office.client.session_transaction(path="/admin") as session:
            session[name] -= age
        assert office.get("/admin/").location.startswith("/admin/login"), name
        office.log_in()
        assert office.get("/admin/").status_code == 200


def test_a_draft_that_tests_nobody_yet_belongs_to_who_made_it_and_to_nobody_else(
    app: Flask, world: tuple[Place, Place], doors: dict[str, FlaskClient]
) -> None:
    """Both committees take part in a round of the county."""
    with app.app_context():
        members = tuple(Member(place.branch, "institution") for place in world)
        round_id = create_round(RoundWish("县", "huaixiang-2012", None, True, members, 1)).id
    account(app, "别的主持人", world[1].committee, "host")
    other = Office(app, app.test_client())
    other.log_in("别的主持人")
    app.config["WTF_CSRF_ENABLED"] = False
    wish = {"title": "还没有选对象的会", "host": "", "wifi": "", "base_url": BASE}
    page = doors["host"].post(f"/admin/rounds/{round_id}/meetings/new", data=wish).location
    path = page.removesuffix("/subjects")
    rounds = f"/admin/rounds/{round_id}"
    for role, sees in (
        ("host", True), ("organisation_admin", True), ("superior", True), ("system_admin", True),
        ("branch_secretary", False),
    ):  # fmt: skip
        assert (doors[role].get(path).status_code in (200, 302)) == sees, role
        for listed in ("/admin/", rounds):
            assert ("还没有选对象的会" in doors[role].get(listed).text) == sees, (role, listed)
    assert other.get(rounds).status_code == 200
    assert "还没有选对象的会" not in other.get(rounds).text + other.get("/admin/").text
    for step in ("settings", "subjects", "groups", "policy", "review", "void", "confirm"):
        assert other.get(f"{path}/{step}").status_code == 403, step
    assert other.client.post(f"{path}/void", data={"reason": "不该"}).status_code == 403
    # As soon as it tests somebody, it is theirs as well who see to them.
    with app.app_context():
        record = db.session.scalars(
            select(GradingRecord.id).where(
                GradingRecord.round_id == round_id,
                GradingRecord.organisation_id == world[0].branch,
            )
        ).one()
    doors["host"].post(page, data={"record": str(record)})
    assert doors["branch_secretary"].get(path).status_code == 302
    assert other.get(path).status_code == 403


def test_a_draft_of_the_version_before_is_seen_by_whoever_reaches_everything(
    app: Flask, world: tuple[Place, Place], doors: dict[str, FlaskClient]
) -> None:
    with app.app_context():
        flask_migrate.downgrade(revision=_version_before("draft_of_whom"))
        db.session.execute(
            text(
                "INSERT INTO meetings (code, round_id, title, host, wifi, base_url, policy, k,"
                " rehearsal, state, display_version, void_reason)"
                " VALUES ('OLD234', :round, '旧草稿', '', '', 'http://x', 'batched', 5,"
                " false, 'draft', 1, '')"
            ),
            {"round": world[0].values["round_id"]},
        )
        db.session.commit()
        flask_migrate.upgrade()
        db.session.remove()
    for role in ("host", "superior"):
        assert "旧草稿" not in doors[role].get("/admin/").text
    assert "旧草稿" in doors["system_admin"].get("/admin/").text


def _version_before(name: str) -> str:
    scripts = ScriptDirectory(str(ROOT / "migrations")).walk_revisions()
    (found,) = (s.down_revision for s in scripts if s.path.endswith(f"_{name}.py"))
    assert isinstance(found, str)
    return found
