"""`flask --app wsgi scheme …`, as other programs drive it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.scheme import scheme_group
from tests.schemes import rule, scheme_text


def run(*arguments: object) -> Result:
    return CliRunner().invoke(scheme_group, [str(argument) for argument in arguments])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(result: Result) -> str:
    """What stands on standard error of a command that refused, and printed nothing else."""
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


def test_list_names_the_shipped_schemes() -> None:
    listed = json.loads(run("list").stdout)
    assert [scheme["id"] for scheme in listed][:2] == ["awu-villages-2012", "district-2012"]
    assert all(scheme["title"] and scheme["source"] for scheme in listed)


def test_show_gives_the_whole_scheme_with_its_rules_in_words() -> None:
    shown = json.loads(run("show", "shangdu-2012").stdout)
    assert shown["ladders"][1]["grades"][1] == {
        "label": "较好",
        "at_least": 80,
        "range": "80分以上、不足90分",
    }
    assert shown["rules"][2]["when"] == {
        "all": [{"satisfaction": {"below": "60%"}}, {"domain": ["institution"]}]
    }
    assert shown["rules"][0]["words"] == "满意率低于90%：不得高于次高等级"
    assert shown["indicators"][0]["points"] == "unstated"


def test_show_refuses_an_unknown_scheme() -> None:
    assert "没有编号为“nothing”的方案" in refused(run("show", "nothing"))


def test_check_says_that_a_file_is_sound(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", scheme_text(rules=rule("flag", 'domain = "村"')))
    assert json.loads(run("check", path).stdout) == {
        "valid": True,
        "id": "test-2012",
        "title": "试行方案",
        "rules": ["领域为村：须写明理由"],
    }


def test_check_names_file_key_and_expectation_of_every_problem(tmp_path: Path) -> None:
    path = write(tmp_path, "a.toml", scheme_text(domains="", head='id = "A"\n'))
    lines = refused(run("check", path)).splitlines()
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in lines] == [
        "id",
        "title",
        "source",
        "domains",
    ]


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    assert "没有这个文件" in refused(run("check", tmp_path / "missing.toml"))
    assert "是一个文件夹" in refused(run("check", tmp_path))
    gbk = tmp_path / "gbk.toml"
    gbk.write_bytes('title = "方案"'.encode("gbk"))
    assert "UTF-8" in refused(run("check", gbk))
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 1_000_001)
    assert "应不超过" in refused(run("check", large))


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        "facts.json",
        '{"domain": "机关事业单位", "scores": {"self": 97, "superior": "95.50"},'
        ' "tallies": {"g1": {"s01.q1": {"满意": 30, "基本满意": 14, "不满意": 4, "弃权": 2}}}}',
    )


def test_grade_gives_exactly_what_is_promised(facts: Path) -> None:
    graded = json.loads(run("grade", "shangdu-2012", "--facts", facts).stdout)
    assert set(graded) == {"satisfaction", "score", "proposed", "trace"}
    assert graded["satisfaction"] == {"numerator": 44, "denominator": 50, "percent": "88.00"}
    assert graded["score"] == "95.5"
    assert graded["proposed"] == "较好"
    assert [set(line) for line in graded["trace"]] == [
        {"rule", "effect", "clause", "because"},
        {"rule", "effect", "clause", "because"},
    ]
    assert graded["trace"][1] == {
        "rule": "satisfaction-below-90",
        "effect": "cap",
        "clause": "测评结果满意度达不到90%的不得评为“好”或“先进”",
        "because": "满意率为88.00%（44÷50），低于90%，不得高于“较好”",
    }


def test_grade_takes_a_file_and_leaves_out_what_is_unknown(tmp_path: Path) -> None:
    scheme = write(tmp_path, "county.toml", scheme_text())
    facts = write(tmp_path, "facts.json", '{"domain": "学校"}')
    graded = json.loads(run("grade", scheme, "--facts", facts).stdout)
    assert (graded["satisfaction"], graded["score"], graded["proposed"]) == (None, None, None)
    assert graded["trace"][0]["effect"] == "missing"


def test_grade_needs_the_ladder_that_the_district_left_open(tmp_path: Path) -> None:
    facts = write(tmp_path, "f.json", '{"domain": "村", "scores": {"superior": 85}}')
    assert '"three"(三个等级)' in refused(run("grade", "district-2012", "--facts", facts))
    chosen = '{"domain": "村", "ladder": "four", "scores": {"superior": 85}}'
    facts = write(tmp_path, "f.json", chosen)
    assert json.loads(run("grade", "district-2012", "--facts", facts).stdout)["proposed"] == "较好"


def test_grade_refuses_bad_facts_naming_file_and_key(tmp_path: Path) -> None:
    facts = write(tmp_path, "f.json", '{"domain": "社区", "scores": {"superior": 101}}')
    message = refused(run("grade", "shangdu-2012", "--facts", facts))
    assert (
        message.strip()
        == f"{facts}:scores.superior:应为0到100之间的分数，如 89.5，现在写的是 101。"
    )
    assert "应为可以读取的文件" in refused(
        run("grade", "shangdu-2012", "--facts", tmp_path / "missing.json")
    )
    assert run("grade", "shangdu-2012").exit_code == 2
