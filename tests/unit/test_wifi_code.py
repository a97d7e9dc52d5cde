"""What the Wi-Fi's QR code holds: the page's own script, in Node."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.serving import ROOT
from tools.setup import node_environment

SCRIPT = """
  import { wifiText, wifiTrouble, wifiFragment, wifiOfFragment }
    from "./static/src/venue/wifi.js";
  const given = JSON.parse(process.argv[1]);
  console.log(JSON.stringify(given.map((wifi) => typeof wifi === "string"
    ? wifiOfFragment(wifi)
    : {
      text: wifiText(wifi), wrong: wifiTrouble(wifi), back: wifiOfFragment(wifiFragment(wifi)),
    })));
"""


def told(*given: object) -> list[Any]:
    """What the script makes of each."""
    node, env = node_environment()
    done = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT, json.dumps(given)],
        cwd=ROOT, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers: list[Any] = json.loads(done.stdout)
    return answers


def wifi(name: str, password: str = "", kind: str = "WPA", hidden: bool = False) -> dict[str, Any]:
    """As it is typed."""
    return {"name": name, "password": password, "kind": kind, "hidden": hidden}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (wifi("会场", "12345678"), "WIFI:T:WPA;S:会场;P:12345678;;"),
        (
            wifi('a;b:c,d"e\\f', "p;w:1,2\"3\\4"),
            'WIFI:T:WPA;S:a\\;b\\:c\\,d\\"e\\\\f;P:p\\;w\\:1\\,2\\"3\\\\4;;',
        ),
        (wifi("open", "ignored", "nopass"), "WIFI:T:nopass;S:open;;"),
        (wifi("shy", "12345678", hidden=True), "WIFI:T:WPA;S:shy;P:12345678;H:true;;"),
        (wifi(" a ", " 2345678"), "WIFI:T:WPA;S: a ;P: 2345678;;"),
    ],
)  # fmt: skip
def test_names_and_passwords_are_written_so_that_phones_read_them_whole(
    given: dict[str, Any], text: str
) -> None:
    [answer] = told(given)
    assert answer["text"] == text
    assert answer["wrong"] is None
    assert answer["back"] == given


def test_what_no_phone_could_join_gets_no_code() -> None:
    wrong = told(
        wifi("", "12345678"), wifi("会场" * 6, "12345678"), wifi("a"), wifi("a", "1234567")
    )
    assert all(answer["wrong"] for answer in wrong)
    assert [answer["back"] for answer in wrong] == [None] * 4


def test_a_fragment_that_is_something_else_is_no_wifi() -> None:
    assert (
        told("", "#", "#wifi=", "#wifi=%", "#wifi=1", "#wifi=null", "#TOKEN.DIGEST") == [None] * 7
    )
    assert told('#wifi={"name":"a","password":"12345678","kind":"X"}') == [None]
