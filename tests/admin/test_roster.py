"""The roster at the door: upload, preview, confirm; export; closing, merging; coverage."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError
from werkzeug.test import TestResponse

from app.actions.coverage import coverage_of
from app.actions.finalising import obstacles
from app.actions.organisation import (
    close_organisation,
    create_branches,
    create_organisation,
    move_organisation,
)
from app.actions.round import get_round
from app.actions.scheme import shipped_text
from app.actions.step import today
from app.domain.errors import BadInput
from app.domain.roster import COLUMNS
from app.models import GradingRecord, Organisation, OrganisationChange, Round, db
from tests.admin.conftest import Office

ROWS: list[list[object]] = [
    ["商都县委", "党委", ""],
    ["七台镇党委", "党委", "商都县委", "嘎查村"],
    ["喇嘛板村党支部", "党支部", "七台镇党委", "嘎查村", "王书记", 31, 2008],
    ["=1+1", "党支部", "七台镇党委", "嘎查村"],
]


def _file(rows: Sequence[Sequence[object]], head: Sequence[str] = COLUMNS) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(head))
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column, value)  # type: ignore[arg-type]
            if isinstance(value, str):
                cell.data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _upload(office: Office, content: bytes) -> TestResponse:
    data = {"file": (io.BytesIO(content), "花名册.xlsx")}
    return office.post("/admin/organisations/import", data, content_type="multipart/form-data")


def _carried(page: TestResponse) -> str:
    found = re.search(r'name="carried" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def _import(office: Office, rows: Sequence[Sequence[object]] = ROWS) -> TestResponse:
    page = _upload(office, _file(rows))
    assert page.status_code == 200
    return office.post("/admin/organisations/import/confirm", {"carried": _carried(page)})


def _names(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Organisation.name).order_by(Organisation.id)))


def test_a_preview_writes_nothing_and_a_confirmed_one_everything(
    app: Flask, office: Office
) -> None:
    page = _upload(office, _file(ROWS))
    assert "将新建 <strong>4</strong> 个" in page.text
    assert _names(app) == []
    answer = office.post("/admin/organisations/import/confirm", {"carried": _carried(page)})
    assert answer.status_code == 302
    with app.app_context():
        village = db.session.scalars(
            select(Organisation).where(Organisation.name == "喇嘛板村党支部")
        ).one()
        assert (village.secretary, village.members, village.last_admitted) == ("王书记", 31, 2008)
        assert village.parent is not None
        assert village.parent.name == "七台镇党委"


def test_the_same_file_again_changes_nothing(app: Flask, office: Office) -> None:
    _import(office)
    page = _upload(office, _file(ROWS))
    assert "4 个没有变化" in page.text
    assert 'id="confirm"' not in page.text


def test_one_wrong_row_keeps_all_out(app: Flask, office: Office) -> None:
    page = _upload(office, _file([*ROWS, ["坏支部", "支部", "七台镇党委"]]))
    assert "应为“党委”“党总支”或“党支部”" in page.text
    assert 'name="carried"' not in page.text
    assert _names(app) == []


def test_what_has_changed_since_the_preview_is_not_written(app: Flask, office: Office) -> None:
    page = _upload(office, _file(ROWS))
    with app.app_context():
        create_organisation("商都县委", "committee", None)
    answer = office.post("/admin/organisations/import/confirm", {"carried": _carried(page)})
    assert answer.status_code == 400
    assert "预览以后组织有了变化" in answer.text
    assert _names(app) == ["商都县委"]


def test_a_forged_preview_is_refused(app: Flask, office: Office) -> None:
    answer = office.post("/admin/organisations/import/confirm", {"carried": "eyJ4Ijox.fQ"})
    assert answer.status_code == 400
    assert "预览已失效" in answer.text


def test_an_export_can_be_edited_and_imported_again(app: Flask, office: Office) -> None:
    _import(office)
    content = office.get("/admin/organisations/export.xlsx").data
    book = load_workbook(io.BytesIO(content))
    sheet = book["党组织"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[3][:7] == (
        "喇嘛板村党支部", "党支部", "商都县委/七台镇党委", "嘎查村", "王书记", 31, 2008,
    )  # fmt: skip
    assert sheet["A5"].data_type == "s"
    sheet["E4"] = "李书记"
    buffer = io.BytesIO()
    book.save(buffer)
    page = _upload(office, buffer.getvalue())
    assert "更新 <strong>1</strong> 个" in page.text
    assert "王书记 → 李书记" in page.text


def test_the_template_opens_and_alone_is_no_roster(office: Office) -> None:
    content = office.get("/admin/organisations/template.xlsx").data
    assert load_workbook(io.BytesIO(content)).sheetnames == ["党组织", "填写说明"]
    assert "表中没有党组织" in _upload(office, content).text


def _package(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0 an old .xls",
        "党组织名称,类型".encode("gbk"),
        b"PK\x03\x04 broken",
        _package("xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'),
        _package("xl/media/image1.png", bytes(41 * 1024 * 1024)),
        _package("xl/workbook.xml", b"<workbook/>"),
    ],
)
def test_what_is_no_workbook_is_refused_with_a_sentence(office: Office, content: bytes) -> None:
    answer = _upload(office, content)
    assert answer.status_code == 400
    assert re.search(r'role="alert">[^<]*(xlsx|太大|打不开)', answer.text), answer.text


def _id(app: Flask, name: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Organisation.id).where(Organisation.name == name)).one()


def _round(app: Flask, by_name: str) -> int:
    with app.app_context():
        holder = db.session.scalars(select(Organisation).where(Organisation.name == by_name)).one()
        round_ = Round(
            title="2012年", scheme_id="shangdu-2012", scheme_text=shipped_text("shangdu-2012"),
            organisation=holder,
        )  # fmt: skip
        db.session.add(round_)
        db.session.commit()
        return round_.id


def test_who_is_missing_is_named_and_let_in_by_one_button(app: Flask, office: Office) -> None:
    _import(office)
    round_id = _round(app, "商都县委")
    page = office.get(f"/admin/rounds/{round_id}/coverage")
    # Villages are graded by themselves only: the committee over two village branches is the body.
    assert "应定级而不在本轮中" in page.text
    assert office.post(f"/admin/rounds/{round_id}/coverage").status_code == 302
    with app.app_context():
        found = coverage_of(get_round(round_id))
        assert found.complete
        assert db.session.scalar(select(func.count(GradingRecord.id)))


def test_a_round_with_somebody_missing_cannot_become_final(app: Flask, office: Office) -> None:
    _import(office)
    round_id = _round(app, "商都县委")
    office.post(f"/admin/rounds/{round_id}/coverage")
    _import(office, [*ROWS, ["新设局党委", "党委", "商都县委", "机关事业单位"]])
    with app.app_context():
        found = obstacles(get_round(round_id), today())
    assert "1 个党组织应定级而不在本轮中：新设局党委。" in found


def test_closing_and_merging_leave_a_history_that_cannot_be_changed(
    app: Flask, office: Office
) -> None:
    _import(office, [*ROWS, ["八台镇党委", "党委", "商都县委"]])
    old, new, village = (_id(app, name) for name in ("八台镇党委", "七台镇党委", "喇嘛板村党支部"))
    answer = office.post(f"/admin/organisations/{old}/merge", {"target": f"{new}", "reason": ""})
    assert answer.status_code == 400
    assert "请写明依据" in answer.text
    wish = {"target": str(new), "reason": "商党发〔2012〕3号"}
    office.post(f"/admin/organisations/{old}/merge", wish)
    page = office.get(f"/admin/organisations/{old}").text
    assert "合并到“七台镇党委”" in page
    assert "撤销</span>" in page
    office.post(f"/admin/organisations/{village}/name", {"name": "喇嘛板嘎查党支部"})
    assert (
        "由“喇嘛板村党支部”改名为“喇嘛板嘎查党支部”"
        in office.get(f"/admin/organisations/{village}").text
    )
    assert "下级" in office.post(f"/admin/organisations/{new}/close", {"reason": "撤"}).text
    with app.app_context():
        entry = db.session.scalars(select(OrganisationChange)).first()
        assert entry is not None
        entry.reason = "另一个依据"
        with pytest.raises(DatabaseError, match="never changed"):
            db.session.commit()
        db.session.rollback()


def test_whoever_stands_in_a_running_round_cannot_be_closed(app: Flask, office: Office) -> None:
    _import(office)
    round_id = _round(app, "商都县委")
    office.post(f"/admin/rounds/{round_id}/coverage")
    with app.app_context():
        inside = db.session.scalars(select(GradingRecord.organisation_id)).all()
    page = office.post(f"/admin/organisations/{inside[-1]}/close", {"reason": "撤"})
    assert page.status_code == 400
    assert "等级确定以后才能撤销" in page.text or "下级" in page.text


def test_a_closed_organisation_is_reopened(app: Flask, office: Office) -> None:
    _import(office)
    office.post("/admin/organisations/4/close", {"reason": "商党发1号"})
    assert "已撤销" in office.get("/admin/organisations").text
    office.post("/admin/organisations/4/reopen", {"reason": "商党发2号"})
    assert "已撤销" not in office.get("/admin/organisations").text


def test_nothing_new_stands_under_what_is_closed(app: Flask, office: Office) -> None:
    with app.app_context():
        root = create_organisation("某县委", "committee", None).id
        gone = create_organisation("撤并的总支", "general_branch", root).id
        branch = create_organisation("第一党支部", "branch", root).id
        close_organisation(gone, "商党发1号", today())
    assert "撤并的总支" not in office.get("/admin/organisations/new").text
    with app.app_context():
        for refused in (
            lambda: create_organisation("第二党支部", "branch", gone),
            lambda: create_branches(gone, ["第三党支部"]),
            lambda: move_organisation(branch, gone, today()),
        ):
            with pytest.raises(BadInput, match="已撤销，下面不能再设"):
                refused()
    sheet = [("第四党支部", "党支部", "某县委/撤并的总支", "", "", None, None)]
    assert "上级“撤并的总支”已撤销" in _upload(office, _file(sheet)).text


def test_the_profile_keeps_what_was_typed(app: Flask, office: Office) -> None:
    _import(office)
    typed = {"domain": "嘎查村", "secretary": "赵书记", "members": "很多", "last_admitted": ""}
    page = office.post("/admin/organisations/3/profile", typed)
    assert page.status_code == 400
    assert 'value="赵书记"' in page.text
    assert "党员人数应为" in page.text
    assert (
        office.post("/admin/organisations/3/profile", {**typed, "members": "40"}).status_code == 302
    )


def test_a_round_can_begin_with_everybody_who_is_to_be_graded(app: Flask, office: Office) -> None:
    _import(office)
    holder = _id(app, "商都县委")
    wish = {"title": "2012年", "totals_only": "y", "everybody": "1", "holder": str(holder)}
    answer = office.post("/admin/rounds/new/shangdu-2012", wish)
    assert answer.status_code == 302, answer.text
    page = office.get("/admin/rounds/1/coverage").text
    assert "按方案应定级的党组织都在本轮中" in page
    with app.app_context():
        assert get_round(1).organisation_id == holder
