"""方案库: import, check, explain, copy, edit, compare, withdraw, choose and try out schemes."""

from __future__ import annotations

import html
import io
import json
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.actions.account import SignedIn, create_account
from app.actions.grading import scheme_of as scheme_of_round
from app.actions.library import find_scheme, offered, shelf_of, versions_of
from app.actions.organisation import create_branches, create_organisation
from app.actions.round import get_round
from app.actions.scheme import list_shipped, shipped_text
from app.actions.scheme_version import add_version, read_upload
from app.actions.step import today
from app.config import Config
from app.domain.errors import SchemeChangedMeanwhile, SchemeInvalid
from app.factory import create_app
from app.models import AuditEntry, SchemeVersion, db
from tests.admin.conftest import Office
from tests.schemes import rule, scheme_text
from tests.unit.test_scheme_docs import example
from tests.voters import Example

TEXT = scheme_text()
ME = SignedIn(1, "王秘书", 1)


def _upload(office: Office, content: bytes | str, name: str = "平安县.toml") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return office.post("/admin/schemes/import", {"file": (io.BytesIO(data), name)})


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def _written(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def _save(office: Office, text: str = TEXT, note: str = "") -> Any:
    """Check, look, save, as somebody in the pages does."""
    checked = office.post("/admin/schemes/new", {"text": text, "check": "1"})
    assert checked.status_code == 200, checked.text
    fields = {"text": text, "note": note, "save": "1", "seen": _field(checked.text, "seen")}
    return office.post("/admin/schemes/new", {**fields, "origin": _field(checked.text, "origin")})


def _edit(office: Office, text: str, base: int, note: str = "") -> Any:
    path = "/admin/schemes/test-2012/edit"
    checked = office.post(path, {"text": text, "base": str(base), "check": "1"})
    seen = _field(checked.text, "seen")
    fields = {"text": text, "base": str(base), "note": note, "save": "1", "seen": seen}
    return office.post(path, fields)


def test_an_uploaded_file_is_checked_explained_and_then_kept(app: Flask, office: Office) -> None:
    with app.app_context():
        assert {kept.version for kept in offered()} == {None}
    answer = _upload(office, b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert answer.status_code == 200
    assert "没有错误" in answer.text
    assert "好（90分以上）、较好（80分以上、不足90分）" in answer.text
    assert _written(answer.text) == TEXT
    with app.app_context():
        assert db.session.scalar(select(SchemeVersion.id)) is None
    fields = {
        "text": TEXT.replace("\n", "\r\n"), "save": "1", "note": "",
        "seen": _field(answer.text, "seen"), "origin": _field(answer.text, "origin"),
    }  # fmt: skip
    assert office.post("/admin/schemes/new", fields).location == "/admin/schemes/test-2012"
    page = office.get("/admin/schemes/test-2012").text
    assert "导入自文件 平安县.toml" in page
    assert "试行方案" in office.get("/admin/schemes").text
    assert "方案库第 1 版" in _choosing(app, office)
    with app.app_context():
        assert find_scheme("test-2012").text == TEXT
        noted = [e.action for e in db.session.scalars(select(AuditEntry))]
        assert "新建方案" in noted
    # A second click, or a reload, changes nothing.
    assert office.post("/admin/schemes/new", fields).status_code == 302
    with app.app_context():
        assert len(versions_of("test-2012")) == 1


def _choosing(app: Flask, office: Office) -> str:
    with app.app_context():
        create_organisation("县委", "committee", None)
    return office.get("/admin/rounds/new").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "请选择一个 .toml 文件"),
        (b"\xff\xfe\x00i", "应以 UTF-8 编码保存"),
        ("编号 = 中文".encode("gb18030"), "“另存为”时编码选 UTF-8"),
        (b"\n" * 5000, "应不超过5000行"),
        (b"PK\x03\x04\x00\x00", "应合乎 TOML 写法"),
    ],
)
def test_what_is_no_scheme_file_is_refused(
    office: Office, content: bytes, words: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = _upload(office, content)
    assert answer.status_code == 400
    assert words in answer.text


def test_a_file_that_is_too_large_is_not_even_decoded() -> None:
    with pytest.raises(SchemeInvalid, match="文件应不超过1000000字节"):
        read_upload(b"\xff" * 1_000_001, "a.toml")


def test_every_problem_is_listed_with_its_line_and_what_was_typed_stays(
    office: Office, unchanged: Callable[[], None]
) -> None:
    text = TEXT.replace('ladder = "four"', 'ladder = "five"', 1).replace("options", "option")
    text += '\n# <script>alert("1")</script>\n'
    unchanged()
    answer = _upload(office, text)
    assert answer.status_code == 400
    assert "导入自文件 平安县.toml" in answer.text
    line = text.split("\n").index('ladder = "five"') + 1
    assert f'data-line="{line}">第 {line} 行</a> <code>domains[1].ladder</code>' in answer.text
    assert "没有名为“five”的档次" in answer.text
    assert "是不是想写 options" in answer.text
    assert _written(answer.text) == text
    assert "<script>alert" not in answer.text
    assert 'name="save"' not in answer.text
    # Saving what is wrong is not possible either.
    fields = {"text": text, "save": "1", "seen": "", "note": "要留着"}
    answer = office.post("/admin/schemes/new", fields)
    assert answer.status_code == 400
    assert _field(answer.text, "note") == "要留着"


def test_only_what_has_been_explained_is_saved(
    office: Office, unchanged: Callable[[], None]
) -> None:
    checked = office.post("/admin/schemes/new", {"text": TEXT, "check": "1"})
    other = TEXT.replace("at_least = 90", "at_least = 95")
    unchanged()
    fields = {"text": other, "save": "1", "seen": _field(checked.text, "seen")}
    answer = office.post("/admin/schemes/new", fields)
    assert answer.status_code == 200
    assert "请再看一遍下面的说明" in answer.text
    assert "好（95分以上）" in answer.text


@pytest.mark.parametrize(
    ("scheme_id", "words"),
    [
        ("shangdu-2012", "是随系统提供的方案"),
        ("new", "有别的用处"),
        ("import", "有别的用处"),
        ("a" * 61, "应不超过60个字符"),
        ("Shang Du", "应由小写英文字母"),
    ],
)
def test_an_id_that_would_hide_something_is_refused(
    office: Office, scheme_id: str, words: str
) -> None:
    text = TEXT.replace("test-2012", scheme_id)
    answer = office.post("/admin/schemes/new", {"text": text, "check": "1"})
    assert answer.status_code == 400
    assert words in answer.text
    assert "第 2 行" in answer.text


def test_a_new_scheme_does_not_take_the_place_of_another(office: Office) -> None:
    _save(office)
    other = TEXT.replace("试行方案", "另一份")
    answer = office.post("/admin/schemes/new", {"text": other, "check": "1"})
    assert "已有编号为“test-2012”的方案" in answer.text


def test_saving_makes_a_new_version_and_older_ones_stay(app: Flask, office: Office) -> None:
    _save(office)
    changed = TEXT.replace("at_least = 90", "at_least = 95")
    assert _edit(office, changed, 1, "“好”改为95分").location == "/admin/schemes/test-2012"
    page = office.get("/admin/schemes/test-2012").text
    assert "第 2 版（最新）" in page
    assert "“好”改为95分" in page
    assert "好（95分以上）" in page
    old = office.get("/admin/schemes/test-2012?version=1").text
    assert "好（90分以上）" in old
    assert "这是第 1 版" in old
    shown = office.get("/admin/schemes/test-2012/difference").text
    assert re.search(r'class="out".*?at_least = 90', shown, re.DOTALL)
    assert re.search(r'class="in".*?at_least = 95', shown, re.DOTALL)
    file = office.get("/admin/schemes/test-2012/file?version=1")
    assert file.data.decode() == TEXT
    assert "attachment" in file.headers["Content-Disposition"]
    assert office.get("/admin/schemes/test-2012/file").data.decode() == changed
    assert office.get("/admin/schemes/shangdu-2012/file").data.decode() == shipped_text(
        "shangdu-2012"
    )
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
        assert entry is not None
        assert entry.subject == "test-2012（第2版）"
        assert "“好”改为95分" in entry.changes
    for path in ("?version=3", "/difference?old=9", "/file?version=0", "?version=x"):
        assert office.get(f"/admin/schemes/test-2012{path}").status_code == 404


def test_what_differs_in_nothing_makes_no_version(app: Flask, office: Office) -> None:
    _save(office)
    answer = _edit(office, TEXT, 1)
    assert answer.status_code == 302
    assert "没有另存" in office.get(answer.location).text
    with app.app_context():
        assert len(versions_of("test-2012")) == 1


def test_a_version_keeps_the_id_of_its_scheme(office: Office) -> None:
    _save(office)
    text = TEXT.replace("test-2012", "test-2013")
    path = "/admin/schemes/test-2012/edit"
    answer = office.post(path, {"text": text, "base": "1", "check": "1"})
    assert answer.status_code == 400
    assert "新的一版编号不变" in answer.text


def test_who_edits_at_the_same_time_sees_what_the_other_has_saved(
    app: Flask, office: Office
) -> None:
    _save(office)
    theirs, mine = TEXT.replace("90", "91"), TEXT.replace("60", "61")
    _edit(office, theirs, 1)
    answer = _edit(office, mine, 1)
    assert answer.status_code == 400
    assert "别人保存了新的一版" in answer.text
    assert re.search(r'class="out".*?at_least = 91', answer.text, re.DOTALL)
    assert _written(answer.text) == mine
    assert _field(answer.text, "base") == "2"
    with app.app_context():
        assert len(versions_of("test-2012")) == 2
    assert _edit(office, mine, 2).status_code == 302
    with app.app_context():
        assert [row.text for row in versions_of("test-2012")] == [mine, theirs, TEXT]


@pytest.mark.parametrize("base", ["999", "0", "-1", "x"])
def test_a_version_follows_the_newest_and_no_other(app: Flask, office: Office, base: str) -> None:
    _save(office)
    _edit(office, TEXT.replace("90", "91"), 1)
    path, text = "/admin/schemes/test-2012/edit", TEXT.replace("90", "92")
    checked = office.post(path, {"text": text, "base": base, "check": "1"})
    seen = _field(checked.text, "seen")
    office.post(path, {"text": text, "base": base, "save": "1", "seen": seen})
    with app.app_context():
        assert [row.version for row in versions_of("test-2012")] in ([2, 1], [3, 2, 1])


def test_of_two_who_save_at_once_one_makes_the_version(app: Flask, office: Office) -> None:
    _save(office)

    def save(number: int) -> str:
        with app.app_context():
            try:
                text = TEXT.replace("at_least = 90", f"at_least = {91 + number}")
                add_version("test-2012", 1, text, ME, today())
                return "saved"
            except SchemeChangedMeanwhile:
                return "refused"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(save, range(4))) == ["refused"] * 3 + ["saved"]
    with app.app_context():
        assert len(versions_of("test-2012")) == 2


@pytest.mark.parametrize("table", ["scheme_versions", "scheme_states"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET made_by = 'x'", "DELETE FROM {}"])
def test_the_database_itself_keeps_every_version(
    office: Office, data_dir: Path, table: str, statement: str
) -> None:
    _save(office)
    office.post("/admin/schemes/test-2012/withdraw", {"reason": "改用新文件"})
    connection = sqlite3.connect(data_dir / "mingce.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute(statement.format(table))
    connection.close()


@pytest.mark.parametrize("scheme_id", [scheme.id for scheme in list_shipped()])
def test_every_shipped_scheme_can_be_copied_and_edited(
    app: Flask, office: Office, scheme_id: str
) -> None:
    wish = {"new_id": "pingan-2024", "title": '平安县"分类定级"\\方案'}
    answer = office.post(f"/admin/schemes/{scheme_id}/copy", wish)
    assert answer.location == "/admin/schemes/pingan-2024/edit"
    assert office.get(answer.location).status_code == 200
    with app.app_context():
        kept = find_scheme("pingan-2024")
        assert (kept.scheme.title, kept.version) == ('平安县"分类定级"\\方案', 1)
        original = find_scheme(scheme_id).scheme
        assert kept.scheme.rules == original.rules
        assert kept.scheme.data == original.data
        assert scheme_id in versions_of("pingan-2024")[0].origin


@pytest.mark.parametrize(
    "wish",
    [
        {"new_id": "", "title": "平安县"},
        {"new_id": "pingan", "title": ""},
        {"new_id": "PingAn", "title": "平安县"},
        {"new_id": "huaixiang-2012", "title": "平安县"},
        {"new_id": 'x"\nid = "y', "title": "平安县"},
        {"new_id": "new", "title": "平安县"},
    ],
)
def test_a_copy_that_cannot_be_is_refused(
    office: Office, wish: dict[str, str], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post("/admin/schemes/siba-school-2013/copy", wish)
    assert answer.status_code == 400
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text


def test_shipped_schemes_are_not_edited_or_withdrawn(
    office: Office, unchanged: Callable[[], None]
) -> None:
    unchanged()
    for path in ("edit", "withdraw", "restore"):
        answer = office.post(f"/admin/schemes/shangdu-2012/{path}", {"text": TEXT, "reason": "x"})
        assert answer.status_code == 409
        assert "请复制一份" in answer.text
    assert office.get("/admin/schemes/shangdu-2012/edit").status_code == 409
    assert office.get("/admin/schemes/nothing/edit").status_code == 404


@pytest.fixture
def tree(app: Flask) -> None:
    """1 党总支 with the branches 2, 3."""
    with app.app_context():
        root = create_organisation("党总支", "general_branch", None)
        create_branches(root.id, ["第一支部", "第二支部"])


ROUND: dict[str, Any] = {
    "title": "2026年分类定级", "totals_only": "y", "organisation": ["2", "3"],
    "domain-2": "village", "domain-3": "village", "version": "1",
}  # fmt: skip


def test_a_round_applies_the_version_that_was_seen_and_keeps_it(
    app: Flask, office: Office, tree: None
) -> None:
    _save(office)
    path = "/admin/rounds/new/test-2012"
    assert 'name="version" value="1"' in office.get(path).text
    assert office.post(path, ROUND).location == "/admin/rounds/1"
    _edit(office, TEXT.replace("at_least = 90", "at_least = 95"), 1)
    with app.app_context():
        round_ = get_round(1)
        assert (round_.scheme_id, round_.scheme_version) == ("test-2012", 1)
        assert scheme_of_round(round_).ladders[0].bounds[0] == 90
    frozen = office.get("/admin/rounds/1/scheme").text
    assert "好（90分以上）" in frozen
    assert "最新的是第 2 版" in frozen
    page = office.get("/admin/schemes/test-2012").text
    assert "2026年分类定级" in page
    assert re.search(r"第 1 版\s*<a", page)
    # Somebody opened the page before the second version was saved.
    again = office.post(path, {**ROUND, "title": "又一轮"})
    assert again.status_code == 400
    assert "有了新的一版" in again.text
    assert office.post(path, {**ROUND, "title": "又一轮", "version": "2"}).status_code == 302


def test_a_withdrawn_scheme_is_not_offered_and_its_rounds_go_on(
    app: Flask, office: Office, tree: None, unchanged: Callable[[], None]
) -> None:
    _save(office)
    path = "/admin/rounds/new/test-2012"
    office.post(path, ROUND)
    assert office.post("/admin/schemes/test-2012/withdraw", {"reason": ""}).status_code == 302
    with app.app_context():
        assert shelf_of("test-2012").offered
    office.post("/admin/schemes/test-2012/withdraw", {"reason": "县里有了新文件"})
    assert "试行方案" not in office.get("/admin/rounds/new").text
    assert "县里有了新文件" in office.get("/admin/schemes/test-2012").text
    unchanged()
    assert office.get(path).status_code == 409
    answer = office.post(path, {**ROUND, "title": "又一轮"})
    assert (answer.status_code, "已经停用" in answer.text) == (400, True)
    assert office.get("/admin/rounds/1").status_code == 200
    assert office.get("/admin/records/1").status_code == 200
    twice = office.post("/admin/schemes/test-2012/withdraw", {"reason": "再来"})
    assert "已经停用" in office.get(twice.location).text


def test_a_round_shows_the_scheme_with_the_ladder_that_it_has_chosen(
    app: Flask, office: Office, tree: None
) -> None:
    path = "/admin/rounds/new/district-2012"
    assert office.post(path, {**ROUND, "ladder": "three"}).status_code == 302
    page = office.get("/admin/rounds/1/scheme?try=1&score-superior=85").text
    assert "按“三个等级”分档" in page
    assert "满意率 =（先进 + 一般）" in page
    assert "满意率 =（好 + 较好）" not in page
    assert "trial-ladder" not in page
    assert re.search(r'class="grade">先进<', page)
    assert "和现在的" in page


def test_a_round_whose_scheme_came_from_a_file_shows_it_all_the_same(
    app: Flask, office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "county.toml"
    file.write_text(TEXT, "utf-8")
    Example(app, "--scheme", str(file), "--domain", "村")
    page = office.get("/admin/rounds/1/scheme")
    assert page.status_code == 200
    assert "方案库里没有这一份" in page.text
    # Somebody keeps another scheme under the same id: it is not this round's.
    _save(office, TEXT.replace("at_least = 90", "at_least = 95"))
    assert "已经不同" in office.get("/admin/rounds/1/scheme").text
    assert "不是方案库的版本" in office.get("/admin/schemes/test-2012").text


def test_what_was_withdrawn_may_come_back(app: Flask, office: Office) -> None:
    _save(office)
    office.post("/admin/schemes/test-2012/withdraw", {"reason": "误"})
    office.post("/admin/schemes/test-2012/restore", {"reason": "仍用"})
    with app.app_context():
        assert shelf_of("test-2012").offered
        subjects = [e.action for e in db.session.scalars(select(AuditEntry))]
        assert subjects.count("新建方案的选用") == 2


def test_a_superior_changes_the_schemes_of_their_own_part_of_the_tree_only(
    app: Flask, office: Office, unchanged: Callable[[], None]
) -> None:
    _save(office)
    with app.app_context():
        town = create_organisation("甲镇党委", "committee", None).id
        account = create_account("镇党委", "a long enough password")
        account.role, account.organisation_id = "superior", town
        db.session.commit()
    superior = Office(app, app.test_client())
    superior.log_in("镇党委")
    page = superior.get("/admin/schemes/test-2012").text
    assert 'id="edit"' not in page
    assert 'id="copy"' in page
    wish = {"new_id": "town-2026", "title": "甲镇方案"}
    assert superior.post("/admin/schemes/test-2012/copy", wish).status_code == 302
    assert superior.get("/admin/schemes/town-2026/edit").status_code == 200
    unchanged()
    assert superior.post("/admin/schemes/test-2012/edit", {"text": TEXT}).status_code == 403
    assert superior.post("/admin/schemes/test-2012/withdraw", {"reason": "一"}).status_code == 403


def test_a_version_that_the_program_cannot_read_any_more_is_shown_as_such(
    app: Flask, office: Office
) -> None:
    with app.app_context():
        db.session.add(
            SchemeVersion(
                scheme_id="old-2012", version=1, title="旧方案", text='id = "old-2012"\n',
                note="", origin="", made_on=today(), made_by="王秘书",
            )
        )  # fmt: skip
        db.session.commit()
    assert "读不出来" in office.get("/admin/schemes").text
    page = office.get("/admin/schemes/old-2012")
    assert page.status_code == 200
    assert "ladders" in page.text
    assert office.get("/admin/schemes/old-2012/edit").status_code == 200
    assert office.get("/admin/rounds/new").status_code == 200
    assert office.get("/admin/rounds/new/old-2012").status_code == 422


# Trying out


def test_two_numbers_give_the_grade_that_the_command_gives(office: Office) -> None:
    path = "/admin/schemes/shangdu-2012?try=1&domain=institution&score-superior=95"
    page = office.get(f"{path}&satisfied=53&valid=60&shown=institution/").text
    assert re.search(r'id="tried".*?class="grade">较好<', page, re.DOTALL)
    assert "88.33%（53 ÷ 60）" in page
    assert "满意率为88.33%（53÷60），低于90%，不得高于“较好”" in page
    page = office.get(f"{path}&satisfied=35&valid=60").text
    assert re.search(r'class="grade">较差<', page)


def test_counts_by_choice_serve_where_the_grades_voted_matter(office: Office) -> None:
    voted = scheme_text(rules=rule("cap", 'voted = "bottom"', grade='"一般"'))
    _save(office, voted)
    page = office.get("/admin/schemes/test-2012").text
    assert "trial-satisfied" not in page
    tried = "/admin/schemes/test-2012?try=1&domain=village&score-superior=95&n-0-q1-option4=6"
    page = office.get(f"{tried}&n-0-q1-option1=4&fact-complete=yes").text
    assert re.search(r'class="grade">一般<', page)
    assert "6÷10，占60.00%" in page


def test_groups_with_weights_and_deductions_are_tried_as_the_documented_example(
    office: Office,
) -> None:
    _save(office, example("toml"))
    query = {
        "try": "1", "domain": "institution", "score-self": "97", "score-superior": "95.5",
        "n-0-q1-option1": "30", "n-0-q1-option2": "14", "n-0-q1-option3": "4",
        "n-0-q1-abstain": "2", "n-1-q1-option1": "9", "n-1-q1-option3": "1",
        "fact-years_without_new_member": "1",
        "fact-leadership_complete": "yes", "deductions-0": "2", "bonuses-0": "1",
    }  # fmt: skip
    page = office.get("/admin/schemes/pingan-2024", query_string=query).text
    assert "<dd>91.782</dd>" in page
    assert "88.80%（党员44÷50×60% + 服务对象9÷10×40%）" in page
    assert re.search(r'class="grade">较好<', page)
    assert "村务不公开（次数）" not in page
    assert "村务不公开（次数）" in office.get("/admin/schemes/pingan-2024").text
    wrong = office.get("/admin/schemes/pingan-2024", query_string={**query, "deductions-0": "x"})
    assert "<strong>材料迟报</strong>：应为0到1000的整数" in wrong.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("score-superior=101", "<strong>上级评定分</strong>：应为0到100之间的分数"),
        ("satisfied=61&valid=60", "满意的不多于计入的"),
        ("satisfied=6", "都应为不小于0的整数"),
        ("satisfied=6&valid=9&n-0-q1-option1=3", "只应填写一样"),
        ("n-0-q1-option1=三", "<strong>测评票数</strong>：应为票数"),
        ("fact-years_without_new_member=-1", "<strong>连续未发展新党员的年数</strong>"),
    ],
)
def test_figures_that_cannot_be_are_told_in_a_sentence(
    office: Office, query: str, words: str
) -> None:
    page = office.get(f"/admin/schemes/shangdu-2012?try=1&domain=village&{query}")
    assert page.status_code == 200
    assert words in page.text
    assert 'id="tried"' not in page.text


def test_where_the_ladder_is_open_it_is_asked_for(office: Office) -> None:
    path = "/admin/schemes/district-2012?try=1&domain=village&score-superior=85"
    assert "应写明选用哪一种" in office.get(path).text
    page = office.get(f"{path}&ladder=three&satisfied=9&valid=10").text
    assert re.search(r'class="grade">先进<', page)
    assert office.get(f"{path}&ladder=nine").status_code == 404
    assert office.get("/admin/schemes/district-2012?domain=moon").status_code == 404


def test_counts_of_another_domains_ballot_are_not_taken_for_this_ones(office: Office) -> None:
    _save(office)
    path = "/admin/schemes/test-2012?try=1&domain=village&shown=school/&n-0-q1-option1=7"
    page = office.get(path).text
    assert "请重新填写票数" in page
    assert 'value="7"' not in page


# On the command line


def test_the_commands_know_the_newest_version_of_the_library(app: Flask, office: Office) -> None:
    _save(office)
    _edit(office, TEXT.replace("at_least = 90", "at_least = 95"), 1)
    shown = app.test_cli_runner().invoke(args=["scheme", "show", "test-2012"])
    assert json.loads(shown.stdout)["ladders"][0]["grades"][0]["at_least"] == 95
    lost = app.test_cli_runner().invoke(args=["scheme", "show", "nothing"])
    assert (lost.exit_code, "没有编号为“nothing”的方案；现有：" in lost.stderr) == (2, True)


def test_shipped_schemes_need_no_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}"
    app = create_app(Config.from_env({"MINGCE_DATA": str(tmp_path), "DATABASE_URL": url}))
    for scheme_id, status in (("shangdu-2012", 0), ("nothing", 2)):
        done = app.test_cli_runner().invoke(args=["scheme", "show", scheme_id])
        assert done.exit_code == status, done.stderr
