"""A scheme in plain words, section by section, each statement with its clause.

For whoever has to say whether the file says what the document says. What a section holds beyond
what has words here is still shown, by its key: nothing of a file goes unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.scheme.condition import COMPARISON_WORDS
from app.domain.scheme.ladder import GradeTarget, Ladder
from app.domain.scheme.numbers import number_text, rate_text
from app.domain.scheme.show import PLACE_WORDS, rule_words
from app.domain.scheme.values import SCORE_TITLES, Domain, Indicator, QuestionForm, Scheme

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One statement. about: what it is about, such as a domain; clause: the document's words.

    convention: why it is so where the document does not say.
    """

    about: str
    words: str
    clause: str = ""
    convention: str = ""


@dataclass(frozen=True)
class Section:
    """One part of the scheme. use: what the product does with it. No lines: not in the document."""

    id: str
    title: str
    lines: tuple[Said, ...]
    use: str = ""
    silent: str = "文件没有规定。"


def explain(scheme: Scheme) -> tuple[Section, ...]:
    """Every section, also those of which the document says nothing."""
    data = scheme.data
    return (
        Section(
            "ladders", "档次",
            tuple(Said(x.title, f"{ladder_words(x)}。", x.clause) for x in scheme.ladders),
            f"满分 {number_text(scheme.total)} 分。下限含本数；分数不作四舍五入。",
        ),
        Section("domains", "领域", tuple(_domain(scheme, d) for d in scheme.domains)),
        Section("questions", "测评票", tuple(map(_question, scheme.questions)), "不选算弃权。"),
        Section("satisfaction", "满意率", tuple(_satisfaction(scheme))),
        Section("score", "得分", tuple(_scoring(scheme))),
        Section(
            "rules", "限制等级的规则",
            tuple(Said(_EFFECTS[r.effect], rule_words(scheme, r), r.clause) for r in scheme.rules),
            "全部核对一遍，从严的为准；每一条起作用的都写进定级记录。",
        ),
        Section("indicators", "指标", tuple(_indicators(scheme))),
        Section(
            "facts", "须填写的情况",
            tuple(Said(f.title, _FACT_TYPES[f.type], f.clause) for f in scheme.facts),
            "在定级记录里填写，供上面的规则使用。", "没有要另外填写的情况。",
        ),
        *(
            Section(key, title, _entries(scheme, data.get(key), say), use)
            for key, title, say, use in _DATA
        ),
        *_others(scheme),
    )  # fmt: skip


# Grades, ballot, score


def ladder_words(ladder: Ladder) -> str:
    """Every grade with its range: `好（90分以上）、较好（80分以上、不足90分）……`."""
    return "、".join(f"{g.label}（{ladder.span(g)}）" for g in ladder.grades)


def _domain(scheme: Scheme, domain: Domain) -> Said:
    graded = "只定本级，下设的不定" if domain.graded == "self" else "本级和下设的各级都定"
    if domain.chosen:
        ladder = f"按“{domain.chosen.title}”分档"
    else:
        offered = "”或“".join(choice.title for choice in scheme.ladder_choices)
        ladder = f"档次由管理员建立轮次时选定：“{offered}”"
    about = domain.name + (f"（{'、'.join(domain.aliases)}）" if domain.aliases else "")
    return Said(about, f"{graded}；{ladder}。", domain.clause)


def _question(form: QuestionForm) -> Said:
    if form.kind == "grade":
        words = "给每个测评对象评一个等级，选项就是它所在领域的等级。"
    else:
        asked = "对每项指标各问一次，" if form.kind == "indicator" else ""
        labels = "、".join(
            o.label if o.weight is None else f"{o.label}（{number_text(o.weight)}分）"
            for o in form.options
        )
        words = f"{asked}选项：{labels}。"
    return Said(form.title or "按指标测评", words, form.clause, form.convention or "")


def _satisfaction(scheme: Scheme) -> Iterable[Said]:
    """One line for each formula, with the domains or ladders for which it is so."""
    found: dict[str, list[str]] = {}
    for domain in scheme.domains:
        if domain.chosen:
            formula = scheme.satisfaction_rule(domain.code).formula
            found.setdefault(formula, []).append(domain.name)
    for choice in () if scheme.ladder_chosen else scheme.ladder_choices:
        settled = scheme.with_ladder(choice.name)
        formula = settled.satisfaction_rule(settled.domains[0].code).formula
        found.setdefault(formula, []).append(choice.title)
    form = scheme.satisfaction
    for formula, names in found.items():
        about = "、".join(names) if len(found) > 1 else "全部领域"
        yield Said(about, f"{formula}。", form.clause, form.convention or "")
    if any(scheme.weighted_groups(domain.code) for domain in scheme.domains):
        yield Said("某一类没有可以计算的票时", _EMPTY_GROUP[form.empty_group])
        yield Said("各类的票只能合并公布时", _MERGED_GROUPS[form.merged_groups])


def _scoring(scheme: Scheme) -> Iterable[Said]:
    scoring = scheme.scoring
    if scoring.weights:
        sum_ = " + ".join(f"{SCORE_TITLES[n]} × {rate_text(w)}" for n, w in scoring.weights.items())
        words = f"{sum_}，再对照档次。"
    else:
        words = "以上级评定分对照档次，自评分和测评结果列在旁边供综合考虑。"
    yield Said("定级得分", words, scoring.clause, scoring.convention or "")
    if scoring.mass_from or "mass" in scoring.weights:
        yield Said("测评分", _mass_words(scheme))
    if "deductions" in scheme.data or "bonuses" in scheme.data:
        yield Said("扣分、加分", _limits(scheme))


def _mass_words(scheme: Scheme) -> str:
    match scheme.scoring.mass_from:
        case None:
            return "文件没有写由什么得出，录入时另行给出。"
        case "rate":
            return f"满意率 × {number_text(scheme.total)}。"
        case "satisfaction":
            return "各选项的票数乘以选项的分，相加，除以票数；在分母里而没有分的按0分计。"
    return "每项指标由各选项的票数乘以选项的分、除以票数得出，再按指标的分值占总分的比例相加。"


def _limits(scheme: Scheme) -> str:
    scoring = scheme.scoring
    limits = [
        f"全部{word}分合起来最多{word}{number_text(most)}分"
        for word, most in (("扣", scoring.deductions_most), ("加", scoring.bonuses_most))
        if most is not None
    ]
    held = "不超过总分、不低于0分" if scoring.bounded else "不以总分和0分为限"
    return f"{'，'.join([*limits, f'加减以后{held}'])}。"


_EMPTY_GROUP = {
    None: "文件没有写，按惯例不作推算：满意率算不出，可以重新测评。",
    "missing": "不作推算：满意率算不出，可以重新测评。",
    "spread": "它的比重按比例分给其他类别。",
}
_MERGED_GROUPS = {
    None: "文件没有写，按惯例不改用合计：满意率算不出，可以重新测评。",
    "missing": "不改用合计：满意率算不出，可以重新测评。",
    "unweighted": "合并计算，不分比重。",
}


def _indicators(scheme: Scheme) -> Iterable[Said]:
    for indicator in scheme.indicators:
        yield Said(indicator.name, _indicator_words(indicator), _joined(
            (indicator.clause, *(f"{i.name}：{i.clause}" for i in indicator.items if i.clause))
        ))  # fmt: skip


def _indicator_words(indicator: Indicator) -> str:
    parts = [_points(indicator.points)]
    if indicator.reference:
        parts.append(f"参考标准：{indicator.reference}")
    if indicator.items:
        items = "、".join(f"{item.name}（{_points(item.points)}）" for item in indicator.items)
        parts.append(f"细目：{items}")
    return "。".join(parts) + "。"


def _points(points: Any) -> str:
    return "文件没有写明分值" if points == "unstated" else f"{number_text(points)}分"


_EFFECTS = {"cap": "封顶", "floor_to": "直接定级", "flag": "须说明", "veto": "一票否决"}
_FACT_TYPES = {"integer": "填整数。", "number": "填数字。", "yes_no": "填是或否。"}


# What is kept as data. Each of these takes out of the entry what it has said.


def _voter_group(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    about, words = _named(scheme, entry), []
    if "aliases" in entry:
        words.append(f"又称{'、'.join(entry.pop('aliases'))}")
    if "weight" in entry:
        words.append(f"比重{rate_text(entry.pop('weight'))}")
    if "least_share" in entry:
        words.append(f"至少到会{rate_text(entry.pop('least_share'))}，不足的测评会无效")
    return about, "；".join(words) or "参加测评"


def _adjustment(sign: str) -> Callable[[Scheme, dict[str, Any]], tuple[str, str]]:
    def say(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
        about = _named(scheme, entry)
        words = f"每次{sign}{number_text(entry.pop('points'))}分"
        if "most" in entry:
            words += f"，最多{sign}{number_text(entry.pop('most'))}分"
        return about, words

    return say


def _quota(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    where = "、".join(scheme.domain(code).name for code in entry.pop("domains", ()))
    grade, share = _grade(scheme, entry.pop("grade")), _bounds(entry.pop("share"))
    return (f"{where}（每个领域各算各的）" if where else "全轮"), f"{grade}的党组织应{share}"


def _quorum(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    where = "、".join(scheme.domain(code).name for code in entry.pop("domains", ()))
    return where or "全部领域", f"实到人数应{_bounds(entry.pop('present'), '应到人数的')}"


def _validity(_scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    words = ["无记名" if entry.pop("secret", True) else "文件没有要求无记名（本系统总是无记名）"]
    more = entry.pop("more_ballots_than_slips", None)
    if more:
        outcome = "测评无效" if more == "void" else "照常计票"
        words.append(f"收回的票多于发出的票，{outcome}")
    return "投票", "；".join(words)


def _ranking(_scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    by_grade = entry.pop("by", "score") == "grade"
    order = "先按等级，同一等级按定级得分" if by_grade else "按定级得分"
    ties = entry.pop("ties")
    words = "分数相同的并列" if ties == "shared" else "文件没有写明同分怎样排，按并列处理"
    return "名次", f"每个领域{order}从高到低；{words}"


def _notice(_scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    days = entry.pop("days")
    counted = {"calendar": "按日历日数", "working": "按工作日数", "unstated": "没有写明怎样数"}
    words = "没有写明天数" if days == "unstated" else f"公示{number_text(days)}天"
    words += f"，{counted[entry.pop('counted')]}"
    if "place" in entry:
        words += f"；公示在{entry.pop('place')}"
    return "公示", words


def _rectification(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    grade = entry.pop("grade")
    words = ["须整改"]
    if "months_at_least" in entry:
        words[0] += f"，不少于{number_text(entry.pop('months_at_least'))}个月"
    if entry.pop("published", False):
        words.append("整改方案须公示")
    if "report_to" in entry:
        words.append(f"结果报{entry.pop('report_to')}")
    return "全部等级" if grade == "any" else _grade(scheme, grade), "；".join(words)


def _step(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    about = _named(scheme, entry)
    late = "，逾期不再受理" if entry.pop("strict", False) else ""
    first, last = (_month_day(entry.pop(name, None)) for name in ("from", "to"))
    if not first and not last:
        return about, f"没有写明日期{late}"
    return about, f"{first or '没有写明哪天开始'}，到{last}截止{late}" if last else f"从{first}开始"


def _form(scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    about = _named(scheme, entry)
    return about, f"报{entry.pop('to')}" if "to" in entry else "须填报"


_DATA: tuple[tuple[str, str, Callable[[Scheme, dict[str, Any]], tuple[str, str]], str], ...] = (
    ("voter_groups", "参会人员", _voter_group, "建测评会时先列出这些类别。"),
    ("deductions", "扣分", _adjustment("扣"), "在“上级评定”里逐项录入次数和事由。"),
    ("bonuses", "加分", _adjustment("加"), "在“上级评定”里逐项录入次数和事由。"),
    ("quotas", "比例控制", _quota, "超出比例的，本轮不能定稿；页面列出临界的党组织。"),
    ("quorums", "到会人数", _quorum, "没有达到的，测评会无效，须重开。"),
    ("validity", "测评有效", _validity, ""),
    ("ranking", "排名", _ranking, ""),
    ("notice", "公示", _notice, "公示期满、异议都答复了，才能定稿。"),
    ("rectification", "整改", _rectification, "定稿后据此定整改期限，逾期的排在最前。"),
    ("steps", "步骤", _step, "文件写了日期的先填好，可以改。"),
    ("forms", "表格", _form, "在“表和台账”里生成。"),
)


def _entries(
    scheme: Scheme, found: Any, say: Callable[[Scheme, dict[str, Any]], tuple[str, str]]
) -> tuple[Said, ...]:
    """A section's entries in words, with what nobody has words for yet."""
    listed: Sequence[Entry] = [found] if isinstance(found, Mapping) else found or ()
    lines = []
    for entry in listed:
        left = dict(entry)
        clause, convention = left.pop("clause", ""), left.pop("convention", "")
        about, words = say(scheme, left)
        more = [f"{key}：{_plain(value)}" for key, value in left.items()]
        lines.append(Said(about, f"{'；'.join((words, *more))}。", clause, convention))
    return tuple(lines)


def _others(scheme: Scheme) -> Iterable[Section]:
    """Sections that this page does not know by name."""
    for key in scheme.data.keys() - {key for key, *_ in _DATA}:
        yield Section(key, key, _entries(scheme, scheme.data[key], _unknown))


def _unknown(_scheme: Scheme, entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry.pop("name", "")), "见下"


def _named(scheme: Scheme, entry: dict[str, Any]) -> str:
    where = "、".join(scheme.domain(code).name for code in entry.pop("domains", ()))
    return f"{entry.pop('name')}{f'（限{where}）' if where else ''}"


def _grade(scheme: Scheme, written: Any) -> str:
    """The grade as the file has it, with what it is called in the ladders."""
    if isinstance(written, Mapping):
        return "或".join(f"“{label}”" for label in written.values())
    if isinstance(written, list | tuple):
        return "或".join(_grade(scheme, one) for one in written)
    if written not in PLACE_WORDS:
        return f"“{written}”"
    target = GradeTarget(place=written)
    labels = dict.fromkeys(f"“{target.of(ladder)}”" for ladder in scheme.ladders)
    return f"{PLACE_WORDS[written]}（{'、'.join(labels)}）"


def _bounds(bounds: Mapping[str, Any], of: str = "") -> str:
    return "、".join(
        f"{words}{of}{rate_text(bounds[name])}"
        for name, words in COMPARISON_WORDS.items()
        if name in bounds
    )


def _month_day(written: str | None) -> str:
    return f"{int(written[:2])}月{int(written[3:])}日" if written else ""


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "、".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return "、".join(map(_plain, value))
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)


def _joined(clauses: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(clause for clause in clauses if clause))
