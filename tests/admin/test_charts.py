"""统计图: what stands in them, who sees which part, and that they say it without colour."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.actions.account import create_account
from app.actions.organisation import create_branches, create_organisation
from app.actions.record import change_scores
from app.actions.round import Member, RoundWish, create_round
from app.models import Meeting, db
from tests.admin.conftest import Office
from tests.voters import Example


def _row(page: str, label: str) -> str:
    """The row of a chart, as text without tags."""
    found = re.search(rf'<th scope="row">(?:<a[^>]*>)?{label}(.*?)</tr>', page, re.DOTALL)
    assert found, label
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1])).replace("\u200b", "").strip()


def test_with_nothing_there_the_pages_say_so(office: Office, round_id: int) -> None:
    page = office.get(f"/admin/rounds/{round_id}/charts").text
    for id_ in ("no-grades", "no-rates", "no-meetings"):
        assert f'id="{id_}"' in page
    assert "各党组织进度" in page
    assert office.get("/admin/rounds/99/charts").status_code == 404


def test_without_any_round_there_is_nothing_to_draw(office: Office) -> None:
    assert "还没有可以统计的" in office.get("/admin/charts").text
    assert 'id="charts"' not in office.get("/admin/").text


def test_grades_are_counted_as_they_stand(app: Flask, office: Office, round_id: int) -> None:
    with app.app_context():
        change_scores(1, "", "95")
        change_scores(2, "", "70")
    for path in (f"/admin/rounds/{round_id}/charts", "/admin/charts"):
        page = office.get(path).text
        assert "系统建议 2 个、还没有等级 1 个" in page
        row = _row(page, "机关事业单位")
        assert row.endswith("3 1（33.33%） 0（0.00%） 1（33.33%） 0（0.00%） 1（33.33%）")
    assert 'id="charts"' in office.get(f"/admin/rounds/{round_id}").text
    assert 'href="/admin/charts"' in office.get("/admin/").text


def test_a_chart_can_be_read_without_seeing_it_and_without_colour(
    app: Flask, office: Office, round_id: int
) -> None:
    with app.app_context():
        change_scores(1, "", "50")
    page = office.get(f"/admin/rounds/{round_id}/charts").text
    bars = re.findall(r'<svg class="bar-svg"[^>]*>', page)
    assert bars
    assert all('role="img"' in bar and 'aria-label="' in bar for bar in bars)
    assert 'aria-label="机关事业单位：好 0、较好 0、一般 0、较差 1、还没有等级 2"' in page
    for pattern in re.findall(r'fill="url\(#(look-\d)\)"', page):
        assert f'<pattern id="{pattern}"' in page
    assert "style=" not in page


def test_satisfaction_is_what_the_record_shows_and_no_more(app: Flask, office: Office) -> None:
    example = Example(app, slips=12)
    charts = f"/admin/rounds/{_round_of(app, example)}/charts"
    example.vote_all("option1", example.slips[:5])
    page = office.get(charts).text
    assert 'id="no-rates"' in page  # before two batches nothing is shown to anybody
    assert "进行中 1 次" in page
    example.vote_all("option3", example.slips[5:10])
    page = office.get(charts).text
    record = office.get("/admin/records/1").text
    assert "5 ÷ 5" in record
    row = _row(page, "(?:[^<]*)</a> <span")
    assert "暂定" in row
    assert "5 ÷ 5" in row
    assert "其中 2 个暂定" in page
    example.close()
    page = office.get(charts).text
    assert "暂定" not in page
    assert "5 ÷ 10" in page
    assert "已计票 1 次" in page


def test_a_rehearsal_is_in_no_chart(app: Flask, office: Office) -> None:
    example = Example(app, "--rehearsal", slips=12)
    example.vote_all()
    example.close()
    page = office.get(f"/admin/rounds/{_round_of(app, example)}/charts").text
    assert 'id="no-rates"' in page
    assert 'id="no-meetings"' in page


def _round_of(app: Flask, example: Example) -> int:
    with app.app_context():
        meeting = db.session.get(Meeting, example.id)
        assert meeting is not None
        return meeting.round_id


@pytest.fixture
def towns(app: Flask) -> tuple[int, int]:
    """Two towns in one round of the county's; the ids of their committees."""
    with app.app_context():
        county = create_organisation("县委", "committee", None).id
        found, members = [], []
        for name in ("甲", "乙"):
            town = create_organisation(f"{name}镇党委", "committee", county).id
            found.append(town)
            branches = create_branches(town, [f"{name}镇{n}支部" for n in "一二"])
            members += [Member(branch.id, "institution") for branch in branches]
        create_round(RoundWish("全县", "huaixiang-2012", None, True, tuple(members), county))
        for record_id in (1, 2, 3, 4):
            change_scores(record_id, "", "95")
    return found[0], found[1]


def test_one_sees_ones_own_part_of_the_tree_only(
    app: Flask, office: Office, towns: tuple[int, int]
) -> None:
    with app.app_context():
        account = create_account("甲镇", "a long enough password")
        account.role, account.organisation_id = "superior", towns[0]
        db.session.commit()
    town = Office(app, app.test_client())
    town.log_in("甲镇")
    for path in ("/admin/rounds/1/charts", "/admin/charts"):
        assert "系统建议 2 个" in town.get(path).text
        assert "乙镇" not in town.get(path).text
        assert "系统建议 4 个" in office.get(path).text
        # Asking for another's part shows nothing of it.
        page = town.get(f"{path}?superior={towns[1]}").text
        assert "没有符合条件的党组织" in page
        assert "乙镇" not in page


def test_charts_can_be_of_one_domain_or_of_those_under_one_superior(
    office: Office, towns: tuple[int, int]
) -> None:
    page = office.get(f"/admin/rounds/1/charts?superior={towns[1]}").text
    assert "系统建议 2 个" in page
    assert "乙镇一支部" in page
    assert "甲镇一支部" not in page
    assert "没有符合条件" in office.get("/admin/rounds/1/charts?domain=月球").text
    assert office.get("/admin/rounds/1/charts?superior=x&page=999&order=%00").status_code == 200


def test_each_organisation_counts_in_its_latest_round_only(
    app: Flask, office: Office, towns: tuple[int, int]
) -> None:
    with app.app_context():
        members = (Member(3, "institution"),)
        create_round(RoundWish("次年", "huaixiang-2012", None, True, members))
        change_scores(5, "", "50")
    page = office.get("/admin/charts").text
    assert _row(page, "机关事业单位").endswith("4 3（75.00%） 0（0.00%） 0（0.00%） 1（25.00%）")
    assert "次年" in page
    assert "全县" in page
