"""A whole vote on a phone, at an origin that is no secure context, and what it leaves behind."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.browser.voter import Voter
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import Server


def test_a_vote_is_cast_counted_and_found_again(pages: Pages, meeting: OpenMeeting) -> None:
    marks = [("好", "较好", None), ("较差", "弃权", "一般"), ("好", "好", "好"), (None, None, None),
             ("一般", "一般", "好")]  # fmt: skip
    voters = []
    for slip, labels in zip(meeting.slips, marks, strict=False):
        voter = Voter(pages.open(PHONE), meeting)
        voter.begin(slip)
        assert voter.page.evaluate("window.isSecureContext") is False
        assert voter.page.evaluate("typeof crypto.subtle") == "undefined"
        voter.choose(*labels)
        voter.send()
        voter.done()
        voters.append(voter)
    meeting.close()

    page = voters[1].page
    page.get_by_role("link", name="怎样查验").click()
    expect(page.locator(".verdict_good")).to_have_text(
        "票箱共 5 张票，本机重新算过，摘要与票箱一致。"
    )
    assert page.get_by_text("较差").count() == 0
    page.get_by_role("button", name="显示我的选择").first.click()
    expect(page.get_by_role("heading", name="您的 3 项都已计入")).to_be_visible()
    assert page.locator(".row__mark").all_inner_texts() == ["较差", "弃权", "一般"]
    box = page.request.get(meeting.api("box")).json()
    assert [len(entry["marks"]) for entry in box["lists"]] == [5, 5, 5]
    choices = {entry["cell"]: sorted(m[1] for m in entry["marks"]) for entry in box["lists"]}
    assert choices["s01.q1"] == ["abstain", "option1", "option1", "option3", "option4"]


@pytest.mark.parametrize(
    ("scheme", "label"), [("siba-school-2013", "基本满意"), ("awu-villages-2012", "一般")]
)
def test_the_questions_of_other_schemes_are_voted_too(
    phone_page: Page, hall: Server, scheme: str, label: str
) -> None:
    meeting = open_meeting_on(hall, INSECURE_HOST, scheme)
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose(label, label, None)
    assert phone_page.locator(".row__mark").all_inner_texts()[2] == "没有选（按弃权计）"
    voter.send()
    voter.done()


EACH_INDICATOR = """
[[questions]]
kind = "indicator"
options = ["好", "较好", "一般", "较差"]
convention = "逐项测评"
"""


def test_several_questions_on_a_subject_stand_on_one_card(phone_page: Page, hall: Server) -> None:
    meeting = open_meeting_on(hall, INSECURE_HOST, also_asked=EACH_INDICATOR)
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    groups = phone_page.get_by_role("radiogroup")
    expect(groups).to_have_count(8)
    for number in range(7):
        groups.nth(number).get_by_label("较好", exact=True).check()
    voter.choose(None, None, None)
    expect(phone_page.locator(".notice")).to_have_text("有 17 项没有选，按弃权计。")
    voter.send()
    voter.done()
    meeting.close()
    box = phone_page.request.get(meeting.api("box")).json()
    marks = {entry["cell"]: entry["marks"][0][1] for entry in box["lists"]}
    assert len(marks) == 24
    assert sorted(cell for cell, choice in marks.items() if choice == "option2") == [
        f"s01.q{number}" for number in range(1, 8)
    ]


def test_a_typed_slip_votes_however_it_is_typed(phone_page: Page, meeting: OpenMeeting) -> None:
    slip = meeting.slips[0]
    voter = Voter(phone_page, meeting)
    phone_page.goto(meeting.door)
    phone_page.get_by_label("会议编号").fill(meeting.code.lower())
    voter.tap("下一步")
    voter.sees("输入测评票")
    voter.tap("下一步")
    expect(phone_page.locator("#token-wrong")).to_contain_text("16 位")
    typed = slip.token.lower().replace("0", "o").replace("1", "l")
    in_fours = "-".join(typed[at : at + 4] for at in range(0, 16, 4))
    phone_page.get_by_label("票码", exact=True).fill(in_fours)
    check = f"{slip.check[:4]} {slip.check[4:]}".lower()
    phone_page.get_by_label("校验码", exact=True).fill(check)
    voter.tap("下一步")
    voter.tap("开始测评")
    voter.choose("好", "好", "好")
    voter.send()
    voter.done()


def test_nothing_of_slip_or_choices_is_left_after_the_vote(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    slip = meeting.slips[0]
    voter = Voter(phone_page, meeting)
    voter.begin(slip)
    voter.choose("好", "较差", None)
    assert voter.book()["slips"]
    voter.send()
    receipt = voter.done()
    assert voter.book() | {"tab": ""} == {
        "current": None, "offered": None, "tab": "", "slips": {}, "receipts": [receipt],
    }  # fmt: skip
    everything = phone_page.evaluate("JSON.stringify(localStorage)")
    assert slip.token not in everything
    assert "option" not in everything
    assert phone_page.evaluate("sessionStorage.length") == 0
    assert phone_page.context.cookies() == []
    for label in ("较差", "较好"):
        assert phone_page.get_by_text(label).count() == 0

    phone_page.go_back()
    voter.sees("投票成功")
    phone_page.reload()
    assert voter.done() == receipt


def test_the_token_is_in_no_address_history_or_header(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    slip = meeting.slips[0]
    seen: list[Request] = []

    def note(request: Request) -> None:
        seen.append(request)

    phone_page.on("request", note)
    voter = Voter(phone_page, meeting)
    voter.begin(slip)
    assert phone_page.url == meeting.page
    voter.choose("好", "好", "好")
    voter.send()
    voter.done()
    assert phone_page.evaluate("location.href") == meeting.page
    entries = phone_page.context.new_cdp_session(phone_page).send("Page.getNavigationHistory")
    visited = [entry["url"] for entry in entries["entries"] if "/v/" in entry["url"]]
    assert all("#" not in address for address in visited), visited
    for request in seen:
        headers = request.all_headers()
        assert "referer" not in headers
        assert "cookie" not in headers
        assert slip.token not in json.dumps(headers)
        sent_in_body = slip.token in (request.post_data or "")
        assert sent_in_body == request.url.endswith("/credentials")
    assert phone_page.evaluate("document.referrer") == ""


def test_requests_and_answers_are_of_one_size_whatever_is_chosen(
    pages: Pages, meeting: OpenMeeting
) -> None:
    sizes = set()
    for slip, labels in zip(
        meeting.slips,
        [("好", "好", "好"), (None, None, None), ("较差", "弃权", "一般")],
        strict=False,
    ):
        voter = Voter(pages.open(PHONE), meeting)
        voter.begin(slip)
        voter.choose(*labels)
        with voter.page.expect_response(lambda answer: answer.url.endswith("/ballots")) as cast:
            voter.send()
        voter.done()
        sizes.add((len(cast.value.request.post_data or ""), len(cast.value.body())))
        assert cast.value.status == 201
    assert len(sizes) == 1


def test_the_page_weighs_little_in_few_requests(phone_page: Page, meeting: OpenMeeting) -> None:
    session = phone_page.context.new_cdp_session(phone_page)
    session.send("Network.enable")
    weights: list[float] = []
    addresses: list[str] = []
    session.on("Network.requestWillBeSent", lambda event: addresses.append(event["request"]["url"]))
    session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    Voter(phone_page, meeting).scan(meeting.slips[0])
    Voter(phone_page, meeting).sees("怀乡中学党支部分类定级群众测评会")
    phone_page.wait_for_load_state("networkidle")
    fetched = [address for address in addresses if not address.startswith("data:")]
    assert len(fetched) == 4, fetched
    print(f"page weight: {sum(weights):.0f} bytes")
    assert 20_000 < sum(weights) <= 60_000


def test_the_first_words_do_not_wait_for_style_or_script(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    session = phone_page.context.new_cdp_session(phone_page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 400, "downloadThroughput": 50e3, "uploadThroughput": 50e3}
    session.send("Network.emulateNetworkConditions", slow)
    Voter(phone_page, meeting).scan(meeting.slips[0])
    Voter(phone_page, meeting).sees("怀乡中学党支部分类定级群众测评会")
    painted, styled = phone_page.evaluate(
        """() => [
          performance.getEntriesByName("first-contentful-paint")[0].startTime,
          performance.getEntriesByType("resource").find(({ name }) => name.endsWith(".css"))
            .responseEnd,
        ]"""
    )
    assert painted < styled
