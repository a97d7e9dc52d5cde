"""Everything that a scheme's file says can be read on its page, in words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from app.actions.scheme import list_shipped, shipped_text
from app.domain.scheme import rate_text, read_rate
from app.domain.scheme.explain import Section, explain
from app.domain.scheme.parse import parse_scheme
from tests.schemes import rule, scheme_of, scheme_text
from tests.unit.test_scheme_docs import example

NAMES = {"id", "name", "code", "ladder", "ladder_choices", "kind", "type", "effect", "graded"}
"""Keys whose values are words of the file's own, or chosen from a list."""

ELSEWHERE = {"title", "source", "notes", "when", "grade", "voted", "secret", "published"}
"""Keys that stand at the head of the page, or in other words than the file's."""

SAID_OTHERWISE = {
    "unstated", "superior", "valid", "void", "satisfaction", "spread", "missing",
}  # fmt: skip

FILES = {scheme.id: shipped_text(scheme.id) for scheme in list_shipped()}
FILES["the example of the page"] = example("toml")


def said(sections: tuple[Section, ...]) -> str:
    return "\n".join(
        f"{line.about} {line.words} {line.clause} {line.convention}"
        for section in sections
        for line in section.lines
    )


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


@pytest.mark.parametrize("name", FILES)
def test_whatever_the_file_says_is_said(name: str) -> None:
    words = said(explain(parse_scheme(FILES[name], name)))
    for path, value in leaves(tomllib.loads(FILES[name])):
        keys = path.strip(".").split(".")
        named = keys[-1] == "name" and keys[0] in ("domains", "indicators", "steps", "forms")
        if (keys[-1] in NAMES and not named) or ELSEWHERE & {keys[0], keys[-1]} or "when" in keys:
            continue
        if isinstance(value, bool) or value in SAID_OTHERWISE:
            continue
        if keys[-1] not in ("counted", "ties", "by"):
            assert as_written_in_words(value) in words, path


def as_written_in_words(value: Any) -> str:
    if isinstance(value, str) and (rate := read_rate(value)) is not None:
        return rate_text(rate)
    if isinstance(value, str) and re.fullmatch(r"\d\d-\d\d", value):
        return f"{int(value[:2])}月{int(value[3:])}日"
    return str(value)


def test_every_section_is_there_also_where_the_document_is_silent() -> None:
    sections = {section.id: section for section in explain(scheme_of())}
    assert not sections["quotas"].lines
    assert sections["quotas"].silent == "文件没有规定。"
    assert list(sections)[:4] == ["ladders", "domains", "questions", "satisfaction"]


def test_sections_speak_plainly() -> None:
    words = said(explain(parse_scheme(example("toml"), "例子")))
    for sentence in (
        "四个等级 好（90分以上）、较好（80分以上、不足90分）",
        "村（行政村） 只定本级，下设的不定；按“四个等级”分档。",
        "定级得分 自评分 × 20% + 测评分 × 30% + 上级评定分 × 50%，再对照档次。",
        "测评分 各选项的票数乘以选项的分，相加，除以票数",
        "满意（100分）、基本满意（80分）、不满意（0分）、不了解。",
        "全部扣分合起来最多扣8分，全部加分合起来最多加5分，加减以后不超过总分、不低于0分。",
        "某一类没有可以计算的票时 它的比重按比例分给其他类别。",
        "各类的票只能合并公布时 不改用合计：满意率算不出，可以重新测评。",
        "村民代表（限村） 又称群众代表；比重40%。",
        "村务不公开（限村） 每次扣1分。",
        "材料迟报 每次扣2分，最多扣6分。",
        "村（每个领域各算各的） 最高等级（“好”）的党组织应不超过30%。",
        "全部领域 实到人数应超过应到人数的50%。",
        "投票 无记名；收回的票多于发出的票，测评无效。",
        "公示5天，按工作日数；公示在县党建网。",
        "最低等级（“较差”） 须整改，不少于6个月；整改方案须公示；结果报县委组织部。",
        "基层党组织自评 3月10日，到3月23日截止。",
        "基层党组织分类定级汇总表 报县委组织部。",
        "一票否决 班子健全为“否”：一票否决，定为最低等级",
    ):
        assert sentence in words, sentence


def test_what_has_no_words_yet_is_shown_by_its_key() -> None:
    scheme = parse_scheme(scheme_text(rules=rule("flag", 'domain = "村"')), "a")
    object.__setattr__(scheme, "data", {
        "quotas": [{"grade": "top", "share": {}, "since": "2012", "clause": "第1条"}],
        "new_section": {"name": "新规定", "number": 3},
    })  # fmt: skip
    words = said(explain(scheme))
    assert "since：2012" in words
    assert "第1条" in words
    assert "新规定" in words
    assert "number：3" in words
