"""The tree of organisations: adding, renaming, moving, deleting, and refusing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.actions.organisation import create_branches, create_organisation, organisation_tree
from tests.admin.conftest import Office


@pytest.fixture
def tree(app: Flask) -> None:
    """1 党委 ─ 2 党总支 ─ 3 第一支部, 4 第二支部; 5 另一党委."""
    with app.app_context():
        committee = create_organisation("镇党委", "committee", None)
        general = create_organisation("中学党总支", "general_branch", committee.id)
        create_branches(general.id, ["第一支部", "第二支部"])
        create_organisation("另一党委", "committee", None)


def _tree(app: Flask) -> list[tuple[str, int]]:
    with app.app_context():
        return [(node.organisation.name, node.depth) for node in organisation_tree()]


def test_an_empty_tree_says_what_to_do_first(office: Office) -> None:
    page = office.get("/admin/organisations").text
    assert "还没有党组织" in page
    assert "新建党组织" in page


def test_organisations_are_made_and_stand_in_a_tree(app: Flask, office: Office) -> None:
    root = {"name": " 怀乡中学  党总支 ", "kind": "general_branch", "parent_id": "0"}
    assert office.post("/admin/organisations/new", root).status_code == 302
    names = {"names": "第一党支部\r\n\r\n 第二党支部 \r\n"}
    assert office.post("/admin/organisations/1/branches", names).status_code == 302
    assert _tree(app) == [("怀乡中学 党总支", 0), ("第一党支部", 1), ("第二党支部", 1)]


def test_one_is_renamed_moved_and_deleted(app: Flask, office: Office, tree: None) -> None:
    office.post("/admin/organisations/4/name", {"name": "后勤支部"})
    office.post("/admin/organisations/2/parent", {"parent_id": "5"})
    office.post("/admin/organisations/3/delete")
    assert _tree(app) == [("镇党委", 0), ("另一党委", 0), ("中学党总支", 1), ("后勤支部", 2)]


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("new", {}),
        ("new", {"name": "", "kind": "branch", "parent_id": "0"}),
        ("new", {"name": "x" * 101, "kind": "branch", "parent_id": "0"}),
        ("new", {"name": "a\x00b", "kind": "branch", "parent_id": "0"}),
        ("new", {"name": "新", "kind": "王国", "parent_id": "0"}),
        ("new", {"name": "新", "kind": "branch", "parent_id": "999"}),
        ("new", {"name": "新", "kind": "branch", "parent_id": "x"}),
        ("new", {"name": "新", "kind": "branch", "parent_id": "3"}),
        ("new", {"name": "新", "kind": "general_branch", "parent_id": "2"}),
        ("new", {"name": "镇党委", "kind": "committee", "parent_id": "0"}),
        ("new", {"name": "第一支部", "kind": "branch", "parent_id": "2"}),
        ("2/branches", {}),
        ("2/branches", {"names": " \n \n"}),
        ("2/branches", {"names": "新支部\n新支部"}),
        ("2/branches", {"names": "新支部\n第一支部"}),
        ("2/branches", {"names": "新支部\n" + "长" * 101}),
        ("2/branches", {"names": "\n".join(map(str, range(201)))}),
        ("3/branches", {"names": "支部下的支部"}),
        ("4/name", {"name": "第一支部"}),
        ("4/name", {"name": ""}),
        ("4/name", {}),
        ("1/parent", {"parent_id": "1"}),
        ("2/parent", {"parent_id": "3"}),
        ("3/parent", {"parent_id": "4"}),
        ("3/parent", {"parent_id": "999"}),
        ("3/parent", {}),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    office: Office, tree: None, path: str, wish: dict[str, str], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post(f"/admin/organisations/{path}", wish)
    assert answer.status_code == 400
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text


def test_what_was_typed_stays_after_a_refusal(office: Office, tree: None) -> None:
    answer = office.post("/admin/organisations/2/branches", {"names": "新支部\n第一支部"})
    assert "新支部\n第一支部" in answer.text
    assert "“第一支部”重复了" in answer.text


def test_one_with_branches_or_records_cannot_be_deleted(
    office: Office, round_id: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert office.post("/admin/organisations/1/delete").status_code == 409
    assert office.post("/admin/organisations/2/delete").status_code == 409


def test_unknown_organisations_are_not_found(office: Office, tree: None) -> None:
    assert office.get("/admin/organisations/999").status_code == 404
    assert office.get("/admin/organisations/999/branches").status_code == 404
    assert office.post("/admin/organisations/999/delete").status_code == 404


def test_a_name_is_shown_as_text_and_never_as_markup(office: Office) -> None:
    wish = {"name": "<script>alert(1)</script>", "kind": "branch", "parent_id": "0"}
    office.post("/admin/organisations/new", wish)
    page = office.get("/admin/organisations").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
