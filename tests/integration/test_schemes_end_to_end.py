"""The documents' own cases, from the command line: demo, simulate, meeting close, box verify."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import DATABASE_FILE, Config
from app.domain.ballot import tracker
from app.domain.encoding import b64url
from app.domain.slip import parse_token
from app.factory import create_app
from tests.serving import Server

Json = dict[str, Any]


class Shell:
    """The command line of a running server, with files in a folder of the test's own."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def run(self, *words: str | Path) -> Json:
        """The JSON on standard output of a command that succeeds."""
        answer: Json = json.loads(self.server.flask(*map(str, words)))
        return answer

    def file(self, name: str, value: object) -> Path:
        """A JSON file."""
        path = self.folder / name
        path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
        return path

    def demo(self, scheme: str, records: list[Json], slips: int, *options: str) -> Json:
        """A demo of these records."""
        file = self.file("records.json", records)
        number = str(len(records))
        words = ("--subjects", number, "--slips", str(slips), "--records", file, "--json")
        return self.run("demo", "--scheme", scheme, *words, *options)

    def vote(self, demo: Json, marks: Json | None, *options: str | Path) -> Json:
        """Cast exactly `marks` with all slips."""
        chosen = [] if marks is None else ["--marks", self.file("marks.json", marks)]
        slips = self.file("demo.json", demo)
        return self.run("simulate", "--base", demo["base"], "--slips", slips, *chosen, *options)

    def close(self, demo: Json) -> dict[str, Json]:
        """Close the meeting: its answer under `""`, and each record under its name."""
        answer = self.run("meeting", "close", demo["meeting"], "--json")
        return {"": answer, **{record["organisation"]: record for record in answer["records"]}}


@pytest.fixture(scope="module")
def server(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all cases."""
    data = tmp_path_factory.mktemp("cases") / "data"
    data.mkdir()
    shutil.copyfile(migrated_database, data / DATABASE_FILE)
    running = Server(data, {})
    running.start()
    yield running
    running.kill()


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Shell:
    return Shell(server, tmp_path)


def rules(record: Json) -> dict[str, str]:
    """Rule → effect of every line of a record's trace."""
    return {line["rule"]: line["effect"] for line in record["trace"]}


def of_100(satisfied: int, abstained: int = 2) -> dict[str, int]:
    """Marks of 100 voters; the abstentions are left to the simulator."""
    return {"满意": satisfied - 20, "基本满意": 20, "不满意": 100 - satisfied - abstained}


def test_shangdu_binds_the_grade_to_satisfaction(shell: Shell) -> None:
    offices = [
        {"name": name, "domain": "机关事业单位", "self": 97, "superior": score}
        for name, score in (("教育", 95), ("民政", 95), ("财政", 95), ("水利", 85), ("卫生", 85))
    ]
    villages = [
        {"name": name, "domain": "嘎查村", "self": 97, "superior": 85} for name in ("东坊", "西坊")
    ]
    demo = shell.demo("shangdu-2012", offices + villages, 100)
    cast = shell.vote(
        demo,
        {
            "教育": of_100(92),
            "民政": of_100(90),
            "财政": of_100(88),
            "水利": of_100(60),
            "卫生": of_100(55),
            "东坊": of_100(55),
            "西坊": of_100(49),
        },
        "--concurrency",
        "4",
    )
    assert (cast["cast"], cast["failed"]) == (100, 0)
    records = shell.close(demo)
    assert records["教育"]["satisfaction"] == {
        "numerator": 92,
        "denominator": 100,
        "percent": "92.00",
    }
    assert {name: record["proposed"] for name, record in records.items() if name} == {
        "教育": "好",
        "民政": "好",
        "财政": "较好",
        "水利": "较好",
        "卫生": "较差",
        "东坊": "一般",
        "西坊": "后进",
    }
    assert rules(records["教育"]) == {"ladder": "ladder"}
    assert rules(records["财政"]) == {"ladder": "ladder", "satisfaction-below-90": "cap"}
    assert rules(records["卫生"])["institution-satisfaction-below-60"] == "floor_to"
    assert rules(records["西坊"])["satisfaction-below-50"] == "floor_to"
    clause = next(
        t["clause"] for t in records["财政"]["trace"] if t["rule"] == "satisfaction-below-90"
    )
    assert "达不到90%的不得评为" in clause


def test_awu_grades_six_villages_in_three_grades(shell: Shell) -> None:
    scores = (85, 80, "79.5", 60, "59.9", 92)
    demo = shell.demo("awu-villages-2012", [{"superior": score} for score in scores], 20)
    cast = shell.vote(demo, None, "--seed", "7")
    records = shell.close(demo)
    names = ("金布川", "金木", "下罗", "聂仁", "大卦", "力藏")
    grades = ("先进", "先进", "一般", "一般", "后进", "先进")
    assert [records[f"{name}村党支部"]["proposed"] for name in names] == list(grades)
    assert records[""]["cells"] == cast["cells"]
    one = cast["cells"]["s01.q1"]
    assert records["金布川村党支部"]["satisfaction"]["numerator"] == one["option1"] + one["option2"]


def test_siba_asks_for_90_percent_of_the_advanced_and_flags_three_years(shell: Shell) -> None:
    lines = [
        {"name": "甲", "superior": 95, "facts": {"years_without_new_member": 0}},
        {"name": "乙", "superior": 95, "facts": {"years_without_new_member": 3}},
        {"name": "丙", "superior": "74.5", "facts": {"years_without_new_member": 2}},
        {"name": "丁", "superior": 95, "facts": {"years_without_new_member": 0}},
    ]
    demo = shell.demo("siba-school-2013", lines, 100)
    shell.vote(demo, {"甲": of_100(90), "乙": of_100(89), "丙": of_100(95), "丁": of_100(59)})
    records = shell.close(demo)
    assert [records[name]["proposed"] for name in "甲乙丙丁"] == ["先进", "较好", "一般", "后进"]
    assert "flag" in rules(records["乙"]).values()
    assert "flag" not in rules(records["甲"]).values()
    assert "cap" in rules(records["乙"]).values()
    assert "floor_to" in rules(records["丁"]).values()


def test_huaixiang_lets_all_members_name_a_grade_for_every_branch(shell: Shell) -> None:
    demo = shell.demo(
        "huaixiang-2012",
        [{"superior": 90}, {"superior": "89.5"}, {"superior": "59.99"}],
        30,
        "--groups",
        "党员:20,群众代表:10",
    )
    marks = {
        "s01.q1": {"好": 15, "较好": 10, "一般": 3},
        "s02.q1": {"option1": 5, "option2": 20, "option4": 5},
        "怀乡中学第三党支部": {"较差": 30},
    }
    receipts = shell.folder / "receipts.json"
    cast = shell.vote(demo, marks, "--receipts", receipts)
    assert cast["groups"] == {"g1": 20, "g2": 10}
    records = shell.close(demo)
    first, second, third = (records[f"怀乡中学第{n}党支部"] for n in "一二三")
    assert [r["proposed"] for r in (first, second, third)] == ["好", "较好", "较差"]
    assert records[""]["cells"]["s01.q1"] == {
        "option1": 15, "option2": 10, "option3": 3, "option4": 0, "abstain": 2,
    }  # fmt: skip
    assert first["satisfaction"] == {"numerator": 25, "denominator": 30, "percent": "83.33"}
    counts = {"issued": 20, "redeemed": 20, "cast": 20, "voided": 0, "unused": 0}
    assert records[""]["counts"]["g1"] == counts
    _every_receipt_is_in_the_box(shell, demo, json.loads(receipts.read_text()), records[""])


def _every_receipt_is_in_the_box(
    shell: Shell, demo: Json, receipts: list[Json], closed: Json
) -> None:
    """Each voter finds each mark as given; and the box verifies against the printed digest."""
    from urllib.request import urlopen

    with urlopen(f"{demo['base']}/api/v1/meetings/{demo['meeting']}/box", timeout=60) as answer:  # noqa: S310 - loopback
        document = answer.read()
    file = shell.folder / "box.json"
    file.write_bytes(document)
    recount = shell.run("box", "verify", file, "--digest", closed["digest"], "--json")
    assert recount["sound"]
    assert recount["ballots"] == len(receipts) == 30
    found = {
        (entry["cell"], *mark) for entry in json.loads(document)["lists"] for mark in entry["marks"]
    }
    for receipt in receipts:
        assert receipt["confirmed"]
        secret = parse_token(receipt["receipt"])
        for cell, choice in receipt["choices"].items():
            assert (cell, b64url(tracker(secret, cell)), choice) in found


def test_the_district_s_ladder_is_chosen_and_a_rehearsal_reaches_no_record(shell: Shell) -> None:
    words = ("demo", "--scheme", "district-2012", "--subjects", "2", "--slips", "6")
    demo = shell.run(*words, "--rehearsal", "--ladder", "three", "--json")
    shell.vote(demo, None, "--voters", "5")
    closed = shell.run("meeting", "close", demo["meeting"], "--json", "--present", "6")
    assert closed["records"] == []
    assert closed["state"] == "closed"
    assert closed["counts"]["g1"]["unused"] == 1
    assert set(closed["cells"]["s01.q1"]) == {"option1", "option2", "option3", "abstain"}


# The commands themselves


def test_a_demo_prints_exactly_what_is_promised(shell: Shell) -> None:
    demo = shell.demo("awu-villages-2012", [{}, {}], 12)
    assert set(demo) == {
        "base", "meeting", "key_digest", "slips", "screen", "admin", "meeting_id",
    }  # fmt: skip
    assert set(demo["admin"]) == {"name", "password"}
    assert len(set(demo["slips"])) == 12
    for url in demo["slips"]:
        head, token = url.split("#")
        assert head == f"{demo['base']}/v/{demo['meeting']}"
        assert token.split(".")[1] == demo["key_digest"]
        assert len(token.split(".")[0]) == 16
    assert demo["screen"].startswith(f"{demo['base']}/screen/")
    again = shell.demo("awu-villages-2012", [{}, {}], 12)
    assert again["meeting"] != demo["meeting"]
    listed = json.loads(shell.server.flask("meeting", "list", "--json"))
    assert {demo["meeting"], again["meeting"]} <= {meeting["meeting"] for meeting in listed}


def test_a_demo_starts_from_an_empty_folder(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    server = Server(empty, {})
    made = json.loads(
        server.flask(
            "demo", "--scheme", "huaixiang-2012", "--subjects", "3", "--slips", "5", "--json"
        )
    )
    assert len(made["slips"]) == 5
    assert (empty / DATABASE_FILE).exists()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--scheme", "nope", "--subjects", "2", "--slips", "9"],
        ["--scheme", "huaixiang-2012", "--slips", "9"],
        ["--scheme", "huaixiang-2012", "--subjects", "2"],
        ["--scheme", "huaixiang-2012", "--subjects", "41", "--slips", "9"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "0"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "9", "--domain", "村"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "9", "--ladder", "three"],
        ["--scheme", "district-2012", "--subjects", "2", "--slips", "9", "--ladder", "five"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "9", "--groups", "党员"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "9", "--groups", "党员:2"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "9", "--k", "2"],
        ["--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "9", "--records", "/nowhere"],
    ],
    ids=" ".join,
)
def test_a_demo_that_cannot_be_ends_with_2_and_writes_nothing(
    words: list[str], tmp_path: Path
) -> None:
    app = create_app(Config.from_env({"MINGCE_DATA": str(tmp_path)}))
    refused = app.test_cli_runner().invoke(args=["demo", *words, "--json"])
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert any("一" <= character <= "鿿" for character in refused.stderr)
    assert not (tmp_path / DATABASE_FILE).exists()
