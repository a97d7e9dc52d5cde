"""Schemes in words, rounds, and the records in them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.actions.organisation import create_branches, create_organisation
from app.actions.record import get_record
from app.actions.round import get_round
from app.actions.scheme import list_shipped
from app.models import GradingRecord
from tests.admin.conftest import Office, make_round


@pytest.fixture
def tree(app: Flask) -> None:
    """1 党总支 with the branches 2, 3, 4."""
    with app.app_context():
        root = create_organisation("党总支", "general_branch", None)
        create_branches(root.id, ["第一支部", "第二支部", "第三支部"])


def _record(app: Flask, record_id: int = 1) -> GradingRecord:
    with app.app_context():
        return get_record(record_id)


HUAIXIANG = "/admin/rounds/new/huaixiang-2012"
WISH: dict[str, Any] = {
    "title": "2012年分类定级",
    "totals_only": "y",
    "organisation": ["2", "3"],
    "domain-2": "institution",
    "domain-3": "institution",
}


@pytest.mark.parametrize("scheme", list_shipped(), ids=lambda scheme: scheme.id)
def test_every_scheme_is_explained(office: Office, scheme: Any) -> None:
    page = office.get(f"/admin/schemes/{scheme.id}").text
    assert scheme.source in page
    assert all(domain.name in page for domain in scheme.domains)
    assert all(note in page for note in scheme.notes)
    assert all(rule.clause in page.replace("&#34;", '"') for rule in scheme.rules)
    assert "满意率 =" in page
    assert office.get(f"/admin/rounds/new/{scheme.id}").status_code == 200


def test_a_scheme_that_is_not_there_is_not_found(office: Office) -> None:
    assert office.get("/admin/schemes/..%2Fsecret").status_code == 404
    assert office.get("/admin/rounds/new/nothing").status_code == 404


def test_the_first_visit_leads_through_three_steps(office: Office) -> None:
    page = office.get("/admin/").text
    assert page.index("建组织") < page.index("建轮次") < page.index("开测评会")


def test_a_round_keeps_the_text_of_its_scheme(app: Flask, office: Office, tree: None) -> None:
    assert office.post(HUAIXIANG, WISH).location == "/admin/rounds/1"
    with app.app_context():
        round_ = get_round(1)
        assert 'id = "huaixiang-2012"' in round_.scheme_text
        assert [record.organisation_id for record in round_.records] == [2, 3]
    page = office.get("/admin/rounds/1").text
    assert "第一支部" in page
    assert "待自评分、测评、上级评定分" in page


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": "x" * 101},
        {"totals_only": None},
        {"organisation": []},
        {"organisation": ["2", "2"]},
        {"organisation": ["2", "999"]},
        {"organisation": ["2", "-1"]},
        {"organisation": ["2", "²"]},
        {"domain-3": "village"},
        {"domain-3": None},
        {"ladder": "three"},
    ],
)
def test_a_round_that_cannot_be_is_refused_and_what_was_typed_stays(
    office: Office, tree: None, change: dict[str, Any], unchanged: Callable[[], None]
) -> None:
    unchanged()
    wish = {name: value for name, value in {**WISH, **change}.items() if value is not None}
    answer = office.post(HUAIXIANG, wish)
    assert answer.status_code == 400
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text
    if "organisation" not in change:
        assert 'value="3" id="organisation-3" checked' in answer.text
    if "title" not in change:
        assert "2012年分类定级" in answer.text


def test_two_rounds_cannot_have_one_title(office: Office, tree: None) -> None:
    office.post(HUAIXIANG, WISH)
    answer = office.post(HUAIXIANG, WISH)
    assert answer.status_code == 400
    assert "请换一个名称" in answer.text


def test_where_the_document_names_no_ladder_one_has_to_be_chosen(
    app: Flask, office: Office, tree: None
) -> None:
    scheme = next(s for s in list_shipped() if not s.ladder_chosen)
    path, domain = f"/admin/rounds/new/{scheme.id}", scheme.domains[0].code
    wish = {**WISH, "domain-2": domain, "domain-3": domain}
    assert "请选择档次" in office.post(path, wish).text
    assert office.post(path, {**wish, "ladder": "nine"}).status_code == 400
    name = scheme.ladder_choices[0].name
    assert office.post(path, {**wish, "ladder": name}).status_code == 302
    with app.app_context():
        assert get_round(1).ladder == name


def test_organisations_join_later_and_leave_while_their_record_is_empty(
    office: Office, tree: None, unchanged: Callable[[], None]
) -> None:
    office.post(HUAIXIANG, WISH)
    more = {"organisation": "4", "domain-4": "institution"}
    assert office.post("/admin/rounds/1/members", more).status_code == 302
    assert office.post("/admin/rounds/1/members", more).status_code == 400
    assert office.post("/admin/records/3/remove").status_code == 302
    assert office.get("/admin/records/3").status_code == 404
    office.post("/admin/records/1/scores", {"self_score": "90", "superior_score": ""})
    unchanged()
    assert office.post("/admin/records/1/remove").status_code == 409


def test_scores_are_kept_as_typed_and_the_grade_follows(
    app: Flask, office: Office, round_id: int
) -> None:
    scores = {"self_score": "95.50", "superior_score": "89.999"}
    assert office.post("/admin/records/1/scores", scores).status_code == 302
    record = _record(app)
    assert (record.self_score, record.superior_score) == (Decimal("95.50"), Decimal("89.999"))
    page = office.get("/admin/records/1").text
    assert "95.50" in page
    assert "89.999" in page
    assert record.proposed == "较好"
    assert 'id="proposed">较好' in page
    office.post("/admin/records/1/scores", {"self_score": "", "superior_score": ""})
    assert _record(app).proposed is None


@pytest.mark.parametrize(
    "wrong",
    [
        "-1",
        "100.01",
        "1e2",
        "NaN",
        "Infinity",
        "九十",
        "\uff19\uff10",
        "1,5",
        "0x10",
        "1" * 21,
        "90.1234567",
    ],
)
def test_what_is_no_score_is_refused_and_kept_in_the_form(
    office: Office, round_id: int, wrong: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post("/admin/records/1/scores", {"self_score": "90", "superior_score": wrong})
    assert answer.status_code == 400
    assert f'value="{wrong}"' in answer.text


def test_facts_are_asked_where_the_scheme_has_rules_on_them(app: Flask, office: Office) -> None:
    make_round(app, "siba-school-2013", "school")
    page = office.get("/admin/records/1").text
    assert "连续" in page
    name = next(f.name for s in list_shipped() if s.id == "siba-school-2013" for f in s.facts)
    assert office.post("/admin/records/1/facts", {f"fact-{name}": "3"}).status_code == 302
    record = _record(app)
    assert record.facts == {name: 3}
    assert any(line["effect"] == "flag" for line in record.trace)
    office.post("/admin/records/1/facts", {f"fact-{name}": ""})
    assert _record(app).facts == {}


@pytest.mark.parametrize("wrong", ["-1", "三", "1.5", "1" * 41, "٣"])
def test_what_is_no_fact_is_refused(
    app: Flask, office: Office, wrong: str, unchanged: Callable[[], None]
) -> None:
    make_round(app, "shangdu-2012", "village")
    unchanged()
    answer = office.post("/admin/records/1/facts", {"fact-years_without_new_member": wrong})
    assert answer.status_code == 400
    assert "应为不小于 0 的整数" in answer.text


def test_unknown_rounds_and_records_are_not_found(office: Office) -> None:
    for path in ("rounds/9", "rounds/9/members", "rounds/9/meetings/new", "records/9"):
        assert office.get(f"/admin/{path}").status_code == 404, path
    for path in ("records/9/scores", "records/9/facts", "records/9/remove"):
        assert office.post(f"/admin/{path}", {"self_score": "1"}).status_code == 404, path
