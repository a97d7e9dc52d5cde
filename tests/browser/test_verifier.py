"""The verifier of saved boxes: from a disk without any network, and from the voters' door."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from app.domain.box import findings, read_box
from tests.browser.examine import Examiner
from tests.browser.meetings import OpenMeeting
from tests.browser.voter import Voter
from tests.forgeries import Document, forged_digest
from tests.pages import PHONE, WIDE, Pages
from tests.serving import ROOT, Server

SAVED = ROOT / "static" / "dist" / "verify.html"
VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/closed_meeting.json").read_text())


class Verifier:
    """The page, and the files that are put into it."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder

    def choose(self, *documents: object) -> None:
        """Choose files with these contents: texts as they are, all else as JSON."""
        paths = []
        for number, document in enumerate(documents):
            path = self._folder / f"file-{number}.json"
            path.write_text(document if isinstance(document, str) else json.dumps(document))
            paths.append(path)
        self.page.get_by_label("选择文件").set_input_files(paths)

    def says(self, verdict: str) -> None:
        """Wait until the page's verdict begins with this."""
        expect(self.page.locator("h2.verdict").first).to_contain_text(verdict)

    @property
    def findings(self) -> list[str]:
        """The sentences on what is wrong."""
        return self.page.locator(".findings li").all_inner_texts()

    @property
    def rows(self) -> Locator:
        """The recount: one row for each subject."""
        return self.page.locator(".panel", has_text="重新计票").locator("> .rows > .row")


@pytest.fixture
def requested() -> list[str]:
    """Every address that the saved page asks for."""
    return []


@pytest.fixture
def saved(pages: Pages, tmp_path: Path, requested: list[str]) -> Verifier:
    """The built file, opened from the disk by a browser without a network."""
    page = pages.open(WIDE, offline=True)

    def note(request: Request) -> None:
        requested.append(request.url)

    page.on("request", note)
    page.goto(SAVED.as_uri())
    return Verifier(page, tmp_path)


def test_a_saved_file_recounts_a_box_without_any_network(
    saved: Verifier, requested: list[str]
) -> None:
    saved.choose(VECTORS["box"], VECTORS["meeting"])
    saved.says("票箱完好")
    expect(saved.page.locator(".digest")).to_have_text(_in_fours(VECTORS["box"]["digest"]))
    slips = saved.page.locator(".panel", has_text="测评票张数").locator(".row")
    assert _plain(slips.first.inner_text()) == "党员 发出 12 已用 9 已投 9 作废 0 未用 3"
    assert list(map(_plain, saved.rows.all_inner_texts())) == [
        "金布川村党支部 先进 11 一般 6 后进 3 弃权 0",
        "金木村党支部 先进 11 一般 5 后进 2 弃权 2",
        "下罗村党支部 先进 12 一般 7 后进 0 弃权 1",
    ]
    saved.page.locator("summary", has_text="党员").click()
    expect(saved.page.locator("details", has_text="党员").locator(".row").first).to_contain_text(
        "先进 4 一般 2 后进 3"
    )
    assert {url.split(":")[0] for url in requested} <= {"file", "data"}


def test_a_box_without_the_names_is_counted_off(saved: Verifier) -> None:
    saved.choose(VECTORS["box"])
    saved.says("票箱完好")
    expect(saved.rows.nth(1)).to_contain_text("第 2 个测评对象")
    expect(saved.rows.nth(1)).to_contain_text("第 2 个选项 5")
    saved.choose(VECTORS["meeting"])
    expect(saved.rows.nth(1)).to_contain_text("金木村党支部")


def test_names_that_do_not_belong_to_the_box_are_not_used(saved: Verifier) -> None:
    saved.choose({**VECTORS["meeting"], "code": "AAAAAA"}, VECTORS["box"])
    saved.says("票箱完好")
    expect(saved.page.get_by_role("heading", name="会议信息与票箱对不上")).to_be_visible()
    expect(saved.rows.first).to_contain_text("第 1 个测评对象")


def _dropped(document: Document) -> None:
    document["lists"][0]["marks"].pop()


def _flipped(document: Document) -> None:
    mark = document["lists"][1]["marks"][0]
    mark[1] = "option2" if mark[1] != "option2" else "option1"


def _turned(document: Document) -> None:
    document["lists"][2]["marks"].reverse()


def _doubled(document: Document) -> None:
    document["lists"][0]["marks"][1] = document["lists"][0]["marks"][0]


def _two_groups_the_same(document: Document) -> None:
    document["lists"][3]["marks"][0] = document["lists"][0]["marks"][0]
    document["lists"][3]["marks"].sort()


def _recounted_slips(document: Document) -> None:
    document["counts"]["g1"]["issued"] += 1


def _renamed(document: Document) -> None:
    document["lists"][0]["group"] = "g9"


def _several(document: Document) -> None:
    for forge in (_dropped, _flipped, _turned, _recounted_slips):
        forge(document)


@pytest.mark.parametrize(
    "forge",
    [
        _dropped, _flipped, _turned, _doubled, _two_groups_the_same, _recounted_slips, _renamed,
        _several,
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_named_as_on_the_command_line(
    saved: Verifier, forge: Callable[[Document], None]
) -> None:
    document = copy.deepcopy(VECTORS["box"])
    forge(document)
    found = findings(read_box(json.dumps(document).encode()))
    assert found
    saved.choose(document, VECTORS["meeting"])
    saved.says(f"票箱有问题，共 {len(found)} 处")
    assert tuple(saved.findings) == found
    expect(saved.page.get_by_role("heading", name="重新计票")).to_have_count(0)


def test_a_forger_who_rewrote_the_digest_is_caught_by_the_count_sheet(saved: Verifier) -> None:
    document = copy.deepcopy(VECTORS["box"])
    _flipped(document)
    document["digest"] = forged_digest(document)
    saved.choose(document)
    saved.says("票箱完好")
    printed = saved.page.get_by_label("计票单上的摘要")
    answer = saved.page.locator(".panel", has=printed).get_by_role("status")
    printed.fill(_in_fours(VECTORS["box"]["digest"]).upper())
    expect(answer).to_contain_text("不一致：这不是当时封存的票箱")
    printed.fill(document["digest"])
    expect(answer).to_contain_text("这就是当时封存的票箱")
    printed.fill(document["digest"][:7])
    expect(answer).to_have_text("前 7 位一致，还差 57 位。")
    printed.fill(document["digest"][:7] + "x")
    expect(answer).to_contain_text("第 8 位起不一致")
    printed.fill("")
    expect(answer).to_have_text("")


def test_a_receipt_finds_its_marks_in_the_saved_box(saved: Verifier) -> None:
    one = VECTORS["receipts"][0]
    saved.choose(VECTORS["box"], VECTORS["meeting"])
    typed = saved.page.get_by_label("回执码", exact=True)
    typed.fill("0" * 16)
    saved.page.get_by_role("button", name="显示我的选择").click()
    expect(saved.page.get_by_role("heading", name="这个票箱里没有这张票")).to_be_visible()
    typed.fill("abc")
    saved.page.get_by_role("button", name="显示我的选择").click()
    expect(saved.page.locator(".entry__wrong")).to_contain_text("16 位")
    typed.fill(one["receipt"].lower())
    typed.press("Enter")
    expect(saved.page.get_by_role("heading", name="您的 3 项都在票箱里")).to_be_visible()
    labels = {"option1": "先进", "option2": "一般", "option3": "后进", "abstain": "弃权"}
    own = saved.page.locator(".panel", has_text="查我的回执").locator(".row__mark")
    assert own.all_inner_texts() == [labels[choice] for choice in one["choices"].values()]
    saved.page.get_by_role("button", name="收起").click()
    expect(own).to_have_count(0)


def test_a_mark_that_was_taken_out_is_missed_by_its_voter(saved: Verifier) -> None:
    document = copy.deepcopy(VECTORS["box"])
    document["lists"][0]["marks"].clear()
    saved.choose(document, VECTORS["meeting"])
    saved.says("票箱有问题")
    saved.page.get_by_label("回执码", exact=True).fill(VECTORS["receipts"][0]["receipt"])
    saved.page.get_by_role("button", name="显示我的选择").click()
    expect(saved.page.get_by_role("heading", name="有 1 项不在票箱里")).to_be_visible()
    expect(saved.page.locator(".row b.verdict_bad")).to_have_text("不在票箱里")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "文件可能不完整"),
        ('{"protocol":', "文件可能不完整"),
        (json.dumps({**VECTORS["box"], "note": 1}), "不认识的项目 note"),
        (json.dumps(VECTORS["meeting"]), "这是会议信息文件。请再选择票箱文件。"),
    ],
)
def test_a_file_that_is_no_box_is_refused_with_the_reason(
    saved: Verifier, content: str, words: str
) -> None:
    saved.choose(content)
    expect(saved.page.get_by_role("alert").first).to_contain_text(words)
    expect(saved.page.locator("h2.verdict")).to_have_count(0)


def test_a_box_can_be_pasted_or_dropped(saved: Verifier) -> None:
    text = json.dumps(VECTORS["box"])
    saved.page.locator("summary").click()
    saved.page.get_by_label("票箱文件的全部内容").fill(text)
    saved.page.get_by_role("button", name="核对粘贴的内容").click()
    saved.says("票箱完好")
    saved.page.reload()
    expect(saved.page.locator("h2.verdict")).to_have_count(0)
    dropped = saved.page.evaluate_handle(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], "box.json"));
          return data;
        }""",
        text,
    )
    saved.page.locator("body").dispatch_event("drop", {"dataTransfer": dropped})
    saved.says("票箱完好")


def test_the_saved_file_s_own_policy_lets_it_reach_nobody(
    pages: Pages, hall: Server, tmp_path: Path
) -> None:
    """With a network: what is typed into it, a receipt even, cannot leave it."""
    page = pages.open(WIDE)
    page.goto(SAVED.as_uri())
    reached = page.evaluate(
        "url => fetch(url, { mode: 'no-cors' }).then(() => true, () => false)",
        f"{hall.base}/healthz",
    )
    assert reached is False
    assert any("Content Security Policy" in fault for fault in pages.faults)
    pages.faults.clear()
    Verifier(page, tmp_path).choose(VECTORS["box"])
    Verifier(page, tmp_path).says("票箱完好")


# At the voters' door


@pytest.fixture
def closed(pages: Pages, meeting: OpenMeeting) -> tuple[OpenMeeting, str]:
    """A closed meeting of one ballot, and its receipt."""
    voter = Voter(pages.open(PHONE), meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "较好", None)
    voter.send()
    receipt = voter.done()
    meeting.close()
    return meeting, receipt


def test_the_box_is_saved_byte_for_byte_and_checked_far_from_the_server(
    pages: Pages, closed: tuple[OpenMeeting, str], saved: Verifier, tmp_path: Path
) -> None:
    meeting, receipt = closed
    page = pages.open(WIDE)
    page.goto(f"{meeting.door}verify")
    page.get_by_label("会议编号").fill(meeting.code.lower())
    page.get_by_role("button", name="查找").click()
    files = {}
    for name in ("下载票箱文件", "下载会议信息文件", "下载核对工具"):
        with page.expect_download() as coming:
            page.get_by_role("link", name=name).click()
        files[name] = tmp_path / coming.value.suggested_filename
        coming.value.save_as(files[name])
    box, names, tool = files.values()
    assert box.name == f"票箱-{meeting.code}.json"
    assert box.read_bytes() == page.request.get(meeting.api("box")).body()
    assert tool.read_bytes() == SAVED.read_bytes()
    away = saved.page
    away.goto(tool.as_uri())
    away.get_by_label("选择文件").set_input_files([box, names])
    saved.says("票箱完好")
    away.get_by_label("回执码", exact=True).fill(receipt)
    away.get_by_role("button", name="显示我的选择").click()
    expect(away.get_by_role("heading", name="您的 3 项都在票箱里")).to_be_visible()
    own = away.locator(".panel", has_text="查我的回执").locator(".row__mark")
    assert own.all_inner_texts() == ["好", "较好", "弃权"]


def test_the_page_of_the_door_checks_the_server_s_box_at_a_tap(
    pages: Pages, closed: tuple[OpenMeeting, str]
) -> None:
    meeting, _ = closed
    page = pages.open(PHONE)
    page.goto(f"{meeting.door}verify?code={meeting.code}")
    page.get_by_role("button", name="不保存，直接核对").click()
    expect(page.locator("h2.verdict").first).to_have_text("票箱完好")
    box = read_box(page.request.get(meeting.api("box")).body())
    expect(page.locator(".digest")).to_have_text(_in_fours(box.digest))


def test_without_script_the_box_can_still_be_saved(
    pages: Pages, closed: tuple[OpenMeeting, str]
) -> None:
    meeting, _ = closed
    page = pages.open(PHONE, java_script_enabled=False)
    page.goto(f"{meeting.door}verify?code={meeting.code}")
    assert page.get_by_role("link", name="下载票箱文件").get_attribute("href") == (
        f"/r/{meeting.code}/box.json"
    )


def test_where_there_is_no_box_the_page_says_why(pages: Pages, meeting: OpenMeeting) -> None:
    page = pages.open(PHONE)
    page.goto(f"{meeting.door}verify?code={meeting.code}")
    expect(page.locator(".notice").first).to_contain_text("还没有计票")
    meeting.void()
    page.reload()
    expect(page.locator(".notice").first).to_contain_text("已经作废，没有票箱")
    page.goto(f"{meeting.door}verify?code=AAAAAA")
    expect(page.locator(".notice").first).to_contain_text("没有找到编号为 AAAAAA 的测评会")


def test_the_verifier_can_be_read_and_tapped(
    phone_page: Page, tmp_path: Path, examiner: Examiner
) -> None:
    page = phone_page
    page.goto(SAVED.as_uri())
    examiner.look(page, "empty")
    verifier = Verifier(page, tmp_path)
    verifier.choose(VECTORS["box"], VECTORS["meeting"])
    verifier.says("票箱完好")
    for summary in page.locator("summary").all():
        summary.click()
    page.get_by_label("计票单上的摘要").fill("d1")
    page.get_by_label("回执码", exact=True).fill(VECTORS["receipts"][0]["receipt"])
    page.get_by_role("button", name="显示我的选择").click()
    examiner.look(page, "sound")
    document = copy.deepcopy(VECTORS["box"])
    _several(document)
    verifier.choose(document, {**VECTORS["meeting"], "code": "AAAAAA"})
    verifier.says("票箱有问题")
    examiner.look(page, "forged")


def _in_fours(digest: str) -> str:
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def _plain(text: str) -> str:
    return " ".join(text.split())
