"""What the server says in which language, and that it neither keeps nor tells anything of it."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.actions.notice import NoticeWish, publish_notice
from app.actions.objection import today
from app.actions.record import change_scores
from app.language import Own, say, say_n
from tests.admin.conftest import make_round
from voting.words import REFUSALS

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9,zh-CN;q=0.5"}
PAGES = ("/", "/v/ABC123", "/r/ABC123", "/why", "/verify", "/n/NONE")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_in_the_language_that_the_browser_asks_for_most(
    client: FlaskClient, path: str
) -> None:
    assert '<html lang="zh-CN" dir="ltr">' in client.get(path).text
    page = client.get(path, headers=ENGLISH)
    assert '<html lang="en" dir="ltr">' in page.text
    assert "Set-Cookie" not in page.headers
    for asked in ("fr", "*", "", ";;;q=2", "zh-TW,en;q=0.9", "en;q=0"):
        assert 'lang="zh-CN"' in client.get(path, headers={"Accept-Language": asked}).text


@pytest.mark.parametrize("path", PAGES)
def test_an_address_that_names_a_language_goes_first(client: FlaskClient, path: str) -> None:
    assert '<html lang="zh-CN"' in client.get(f"{path}?lang=zh-CN", headers=ENGLISH).text
    assert '<html lang="en"' in client.get(f"{path}?lang=en").text
    for unknown in ("fr", "", "../etc", "<b>", "e" * 5000):
        page = client.get(path, query_string={"lang": unknown})
        assert '<html lang="zh-CN"' in page.text
        assert "<b>" not in page.text or path == "/why"


def test_every_refusal_of_a_page_is_told_in_its_language(app: Flask) -> None:
    for refusal in REFUSALS:
        with app.test_request_context("/", headers=ENGLISH):
            told = say(refusal.message)
        assert f'data-say="{refusal.message}"' in told
        assert f">{refusal.message}<" not in told


def test_a_refusal_that_no_catalogue_knows_stays_text(app: Flask) -> None:
    with app.test_request_context("/", headers=ENGLISH):
        assert say("“<b>”50%(x)s %") == ("<span data-say>“&lt;b&gt;”50%(x)s %</span>")


def test_programs_and_admins_are_told_in_chinese(client: FlaskClient) -> None:
    refused = client.get("/api/v1/meetings/ZZZZZZ", headers=ENGLISH).get_json()
    assert refused["message"].startswith("没有找到这个测评会")
    assert 'lang="zh-CN"' in client.get("/admin/login?lang=en", headers=ENGLISH).text


def test_values_are_escaped_and_words_of_a_document_are_marked(app: Flask) -> None:
    sentence = "“%(title)s”已经作废，没有票箱。"
    with app.test_request_context("/", headers=ENGLISH):
        told = say(sentence, title=Own("<i>'\"&%(title)s"))
    assert told.startswith(f'<span data-say="{sentence}" data-values="{{&#34;title&#34;:')
    assert '“<span lang="zh-CN">&lt;i&gt;&#39;&#34;&amp;%(title)s</span>” was declared' in told
    assert "<i>" not in told


def test_numbers_and_days_follow_the_language(app: Flask) -> None:
    waiting = "还有 %(count)s 条意见正在调查核实。"
    with app.test_request_context("/", headers=ENGLISH):
        assert ">1 objection is being looked into.<" in say_n(waiting, count=1)
        assert ">2 objections are being looked into.<" in say_n(waiting, count=2)
        assert ">Answered on April 10, 2012<" in say("%(day)s答复", day=date(2012, 4, 10))
    with app.test_request_context("/"):
        assert ">还有 1 条意见正在调查核实。<" in say_n(waiting, count=1)
        assert ">2012年4月10日答复<" in say("%(day)s答复", day=date(2012, 4, 10))


def test_a_notice_keeps_its_own_words_and_what_was_typed(app: Flask, client: FlaskClient) -> None:
    round_id = make_round(app, "huaixiang-2012", "institution")
    wish = NoticeWish(
        "<公示>", "现将拟定等级予以公示。", "怀乡中学党总支",
        "党总支办公室", 2, "working", "", "", (1, 2, 3),
    )  # fmt: skip
    with app.app_context():
        for record_id in (1, 2, 3):
            change_scores(record_id, "85", "85")
        code = publish_notice(round_id, wish, today()).code
    page = client.get(f"/n/{code}", headers=ENGLISH).text
    assert '<h1 lang="zh-CN">&lt;公示&gt;</h1>' in page
    assert "<公示>" not in page
    assert "Public notice: &lt;公示&gt;</title>" in page
    refused = client.post(f"/n/{code}/objections?lang=en", data={"text": "没有人<通知>我"})
    assert "The page was open for too long." in refused.text
    assert "没有人&lt;通知&gt;我</textarea>" in refused.text
    assert f'href="/n/{code}?lang=zh-CN"' in refused.text


def test_the_phone_s_page_is_of_one_size_for_everybody_who_speaks_a_language(
    client: FlaskClient,
) -> None:
    sizes = {
        tuple(len(client.get(f"/v/{code}", headers=headers).data) for code in ("ABC123", "ZZZ999"))
        for headers in (ENGLISH, {"Accept-Language": "en"}, {"Accept-Language": "en-US,fr"})
    }
    assert len(sizes) == 1
    assert len(set(sizes.pop())) == 1
