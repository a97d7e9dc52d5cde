"""The language of a voter's page: how it is chosen and changed, and that nobody is told."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, Request, expect

from tests.browser.examine import AUDIT, SHAPES
from tests.browser.meetings import OpenMeeting
from tests.browser.voter import Voter
from tests.pages import PHONE, Pages
from tests.serving import ROOT

ENGLISH = {**PHONE, "locale": "en-GB"}
TITLE = "怀乡中学党支部分类定级群众测评会"


def change_language(page: Page) -> None:
    """As a voter does it."""
    page.locator("#language").click()


def asked(page: Page) -> list[Request]:
    """What the page asks the server from now on."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("request", note)
    return requests


def test_a_whole_vote_in_the_language_that_the_browser_asks_for(
    pages: Pages, meeting: OpenMeeting
) -> None:
    page = pages.open(ENGLISH)
    voter = Voter(page, meeting)
    voter.scan(meeting.slips[0])
    voter.sees(TITLE)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title() == "Secret ballot"
    # The words of the meeting stay as they are, and a screen reader is told so.
    expect(page.locator(f"[lang=zh-CN]:has-text('{TITLE}')").first).to_be_visible()
    voter.tap("Begin")
    for number, label in enumerate(("好", None, "Abstain"), start=1):
        expect(page.locator(".progress__text")).to_have_text(f"{number} of 3")
        expect(page.locator("#status")).to_have_text(f"{number} of 3")
        if label:
            page.get_by_label(label, exact=True).check()
        voter.tap("Next" if number < 3 else "Check")
    expect(page.locator(".notice")).to_have_text(
        "1 question is left open and counts as abstaining."
    )
    marks = page.locator(".row__mark")
    assert marks.all_inner_texts() == ["好", "No choice (counts as abstaining)", "Abstain"]
    voter.tap("Cast ballot")
    voter.tap("Yes, cast it")
    voter.sees("You have voted")
    expect(page.locator("#status")).to_have_text("Your ballot has been counted in.")


def test_changing_the_language_keeps_what_was_typed_chosen_and_opened_and_asks_nobody(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    phone_page.goto(meeting.page)
    token = phone_page.locator("#token")
    token.fill(meeting.slips[0].token[:7])
    requests = asked(phone_page)
    change_language(phone_page)
    voter.sees("Type in your slip")
    expect(token).to_have_value(meeting.slips[0].token[:7])

    phone_page.goto("about:blank")
    voter.begin(meeting.slips[0], "Begin")
    phone_page.get_by_label("较好", exact=True).check()
    requests.clear()
    # Also where there is no network: every phone has all words from the beginning.
    phone_page.context.set_offline(True)
    change_language(phone_page)
    expect(phone_page.get_by_role("button", name="下一步")).to_be_visible()
    expect(phone_page.get_by_label("较好", exact=True)).to_be_checked()
    change_language(phone_page)
    voter.tap("Next")
    voter.tap("Next")
    voter.tap("Check")
    voter.tap("Cast ballot")
    phone_page.evaluate("document.getElementById('language').click()")
    expect(phone_page.get_by_role("dialog")).to_contain_text("有 2 项没有选，按弃权计。")
    assert phone_page.evaluate("document.activeElement.textContent") == "再看看"
    voter.tap("确认提交")
    voter.waits("网络较慢，正在重试… 请不要关闭本页。")
    change_language(phone_page)
    voter.waits("The network is slow, trying again. Please do not close this page.")
    phone_page.context.set_offline(False)
    voter.sees("You have voted")
    phone_page.locator("summary").click()
    change_language(phone_page)
    expect(phone_page.get_by_text("一张票只能由本人投。")).to_be_visible()
    # Whatever was pressed, only ballots were sent.
    assert {request.url.rsplit("/", 1)[1] for request in requests} == {"ballots"}


def test_the_choice_is_kept_by_the_phone_and_no_request_tells_of_it(
    pages: Pages, meeting: OpenMeeting
) -> None:
    told = []
    for changes in (False, True):
        page = pages.open(PHONE)
        page.goto(meeting.door)
        if changes:
            change_language(page)
        requests = asked(page)
        Voter(page, meeting).scan(meeting.slips[0])
        expect(page.get_by_role("button", name="Begin" if changes else "开始测评")).to_be_visible()
        page.goto(f"{meeting.door}why")
        expect(page.locator("h1")).to_have_text(
            "Why your vote is secret" if changes else "为什么说它是无记名的"
        )
        page.goto(f"{meeting.door}verify?code={meeting.code}")
        expect(page.locator(".notice")).to_contain_text(
            "has not been counted yet" if changes else "还没有计票"
        )
        told.append([(request.url, sorted(request.all_headers().items())) for request in requests])
        assert page.context.cookies() == []
    assert told[0] == told[1]


def test_ballots_are_of_one_size_in_every_language(pages: Pages, meeting: OpenMeeting) -> None:
    sizes = set()
    for slip, device, labels in zip(
        meeting.slips,
        (PHONE, ENGLISH, ENGLISH),
        (("好", None, None), (None, None, None), ("较差", "好", "一般")),
        strict=False,
    ):
        page = pages.open(device)
        Voter(page, meeting).scan(slip)
        page.locator(".actions button").last.click()
        for label in labels:
            if label:
                page.get_by_label(label, exact=True).check()
            page.locator(".actions button").last.click()
        page.locator(".actions button").last.click()
        with page.expect_response(lambda answer: answer.url.endswith("/ballots")) as cast:
            page.locator("[role=dialog] button").last.click()
        sizes.add((len(cast.value.request.post_data or ""), len(cast.value.body())))
    assert len(sizes) == 1


def test_an_address_that_names_a_language_is_followed_and_changes_no_choice(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    phone_page.goto(f"{meeting.door}?lang=en")
    expect(phone_page.locator("h1")).to_have_text("Join a meeting")
    phone_page.goto(meeting.door)
    expect(phone_page.locator("h1")).to_have_text("参加测评会")


def test_without_a_script_a_link_changes_the_language_of_what_can_be_read(
    pages: Pages, meeting: OpenMeeting
) -> None:
    page = pages.open(PHONE, java_script_enabled=False)
    page.goto(meeting.door)
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Join a meeting")
    page.get_by_role("link", name="Why your vote is secret").click()
    expect(page.locator("h1")).to_have_text("Why your vote is secret")
    page.get_by_role("link", name="Check the ballot box").click()
    expect(page.locator("h1")).to_have_text("Check the ballot box")
    page.go_back()
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("为什么说它是无记名的")


def test_a_saved_verifier_goes_by_the_browser(pages: Pages, tmp_path: Path) -> None:
    vectors = json.loads((ROOT / "tests" / "vectors" / "closed_meeting.json").read_text())
    box = tmp_path / "box.json"
    forged = vectors["box"] | {"digest": "0" * 64}
    box.write_text(json.dumps(forged))
    page = pages.open(ENGLISH)
    page.goto((ROOT / "static" / "dist" / "verify.html").as_uri())
    assert page.title() == "Mingce: check a ballot box"
    page.get_by_label("Choose files").set_input_files(box)
    expect(page.get_by_role("heading", name="The box has 1 fault")).to_be_visible()
    expect(page.locator(".findings")).to_contain_text("One of the two was changed.")
    change_language(page)
    expect(page.get_by_role("heading", name="票箱有问题，共 1 处")).to_be_visible()
    expect(page.locator(".findings")).to_contain_text("内容或摘要被改动过。")


def test_a_language_from_right_to_left_turns_the_page_round(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    """There is none yet; the page is ready."""
    voter = Voter(phone_page, meeting)
    faults: list[str] = []

    def look(state: str) -> None:
        phone_page.evaluate("document.documentElement.dir = 'rtl'")
        for viewport in SHAPES.values():
            phone_page.set_viewport_size(viewport)
            faults.extend(f"{state}: {fault}" for fault in phone_page.evaluate(AUDIT))

    voter.scan(meeting.slips[0])
    voter.sees(TITLE)
    look("welcome")
    voter.tap("开始测评")
    phone_page.get_by_label("较好", exact=True).check()
    look("card")
    sign, label = (
        phone_page.locator(f".choice__{part}").first.bounding_box() for part in ("sign", "label")
    )
    assert sign
    assert label
    assert sign["x"] > label["x"]
    question = phone_page.locator(".question__title")
    assert question.evaluate("title => getComputedStyle(title).direction") == "ltr"
    voter.choose("较好", None, None)
    look("review")
    change, name = (
        phone_page.locator(part).first.bounding_box() for part in (".row__change", ".row__name")
    )
    assert change
    assert name
    assert change["x"] < name["x"]
    voter.send()
    voter.done()
    look("done")
    assert faults == []
