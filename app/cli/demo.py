"""`flask demo`: a whole example, up to an open meeting whose slips wait to be used."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext

from app.actions.demo import Demo, DemoGroup, DemoPlan, DemoSubject, check_demo, make_demo
from app.actions.display import display_link
from app.actions.scheme import load_shipped, parse_file, shipped_text
from app.cli.presets import SUPERIOR_SCORES, branch_name, preset
from app.cli.refusal import PlainCommand, Refusal, refusing
from app.domain.encoding import b64url
from app.domain.grading import parse_facts
from app.domain.meeting import (
    K_DEFAULT,
    K_LEAST,
    K_MOST,
    POLICIES,
    SLIPS_MOST,
    SUBJECTS_MOST,
)
from app.domain.scheme import Scheme, number_text
from app.domain.slip import crockford

NAME_MOST = 100
RECORD_KEYS = frozenset({"name", "domain", "self", "superior", "facts"})
LADDER_DEFAULT = "four"


@click.command("demo", cls=PlainCommand)
@click.option(
    "--scheme", "scheme_id", required=True, help="方案的编号（见 scheme list），或 .toml 文件"
)
@click.option("--subjects", type=click.IntRange(1, SUBJECTS_MOST), help="测评对象个数")
@click.option("--slips", type=click.IntRange(1, SLIPS_MOST), help="测评票张数")
@click.option("--rehearsal", is_flag=True, help="演练：结果不进入定级记录")
@click.option("--domain", help="测评对象的领域（代码或名称）")
@click.option(
    "--k",
    type=click.IntRange(K_LEAST, K_MOST),
    default=K_DEFAULT,
    show_default=True,
    help="大屏每批公布的票数",
)
@click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default=POLICIES[0],
    show_default=True,
    help="大屏：batched 逐批公布，turnout 只公布人数",
)
@click.option("--ladder", help=f"方案没有写明分几档时选用哪种（默认 {LADDER_DEFAULT}）")
@click.option("--groups", help="参会人员类别和应到人数，如 党员:30,群众代表:20")
@click.option(
    "--records",
    "records_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help='JSON 列表，逐个测评对象：{"name","domain","self","superior","facts"}，都可省略',
)
@click.option("--json", "wants_json", is_flag=True, help="以 JSON 输出")
@with_appcontext
def demo(
    scheme_id: str,
    subjects: int | None,
    slips: int | None,
    rehearsal: bool,
    domain: str | None,
    k: int,
    policy: str,
    ladder: str | None,
    groups: str | None,
    records_file: Path | None,
    wants_json: bool,
) -> None:
    """建一个完整的例子：党组织、分类定级工作、已开启的测评会和测评票。

    数据库没有建好时先建好；服务正在运行时也可以用；可以反复运行。
    """
    with refusing():
        scheme, text = _scheme(scheme_id)
        scheme, ladder = _with_ladder(scheme, ladder)
        chosen = _subjects(scheme, ladder, subjects, domain, _records(records_file))
        shares = _groups(groups, slips, k, _named_groups(scheme, chosen))
        plan = DemoPlan(
            scheme_id=scheme.id,
            scheme_text=text,
            ladder=ladder,
            root=preset(scheme.id, scheme.domains).root,
            subjects=chosen,
            groups=shares,
            policy=policy,
            k=k,
            rehearsal=rehearsal,
            base_url=current_app.config["MINGCE"].base_url,
        )
        check_demo(plan)
        flask_migrate.upgrade()
        answer = demo_json(make_demo(plan))
    click.echo(json.dumps(answer, ensure_ascii=False) if wants_json else _summary(answer))


def demo_json(made: Demo) -> dict[str, Any]:
    """What other programs are promised of a demo."""
    meeting = made.meeting
    digest = b64url(meeting.key_digest or b"")
    return {
        "base": meeting.base_url,
        "meeting": meeting.code,
        "key_digest": digest,
        "slips": [
            f"{meeting.base_url}/v/{meeting.code}#{crockford(token)}.{digest}"
            for token in made.tokens
        ],
        "screen": f"{meeting.base_url}{display_link(meeting)}",
        "admin": {"name": made.name, "password": made.password},
        "meeting_id": meeting.id,
    }


def _summary(answer: dict[str, Any]) -> str:
    admin = answer["admin"]
    lines = [
        f"测评会 {answer['meeting']} 已开启，测评票 {len(answer['slips'])} 张。",
        f"大屏：{answer['screen']}",
        f"管理：{answer['base']}/admin/ 用户名 {admin['name']} 密码 {admin['password']}",
        "测评票：",
    ]
    return "\n".join(lines + answer["slips"])


def _scheme(scheme_id: str) -> tuple[Scheme, str]:
    """A shipped scheme or one in a file, and its text for the round to keep."""
    if scheme_id.endswith(".toml"):
        return parse_file(scheme_id), Path(scheme_id).read_text("utf-8")
    return load_shipped(scheme_id), shipped_text(scheme_id)


def _with_ladder(scheme: Scheme, ladder: str | None) -> tuple[Scheme, str | None]:
    """The scheme with its ladder settled, and that ladder's name where there was a choice."""
    if ladder is None and not scheme.ladder_chosen:
        known = [choice.name for choice in scheme.ladder_choices]
        ladder = LADDER_DEFAULT if LADDER_DEFAULT in known else known[0]
        click.echo(f"方案没有写明分几档，这里选用 {ladder}（可用 --ladder 另选）。", err=True)
    return (scheme, None) if ladder is None else (scheme.with_ladder(ladder), ladder)


def _named_groups(scheme: Scheme, subjects: tuple[DemoSubject, ...]) -> list[str]:
    """The groups that the scheme reckons with for these subjects; else one for everybody."""
    found: dict[str, None] = {}
    for domain in dict.fromkeys(subject.domain for subject in subjects):
        groups = scheme.voter_groups(domain)
        if any(group.weight is not None or group.least_share is not None for group in groups):
            found |= {group.name: None for group in groups}
    return list(found) or ["党员群众"]


def _groups(text: str | None, slips: int | None, k: int, names: list[str]) -> tuple[DemoGroup, ...]:
    """The voter groups; `slips` are shared out among them by their numbers of persons."""
    if text is None:
        if slips is None:
            raise Refusal("缺少 --slips。用法见 flask --app wsgi demo --help。")
        shares = share_out(slips, [1] * len(names))
        if min(shares) < k:
            click.echo(f"每类应到人数按最少的 {k} 人计，只发 {slips} 张测评票。", err=True)
        pairs = zip(names, shares, strict=True)
        return tuple(DemoGroup(name, max(share, k), share) for name, share in pairs)
    persons: list[tuple[str, int]] = []
    # Commas and colons of a Chinese keyboard are full-width.
    for part in text.replace("\uff0c", ",").split(","):
        name, colon, number = part.replace("\uff1a", ":").partition(":")
        name, number = name.strip(), number.strip()
        if not (colon and name and number.isascii() and number.isdecimal() and len(number) < 6):
            raise Refusal("--groups 应为“类别:人数”，用逗号隔开，如 党员:30,群众代表:20。")
        persons.append((name, int(number)))
    typed = [name for name, _ in persons]
    lawful = all(name.isprintable() and len(name) <= 40 for name in typed)
    if len(typed) > 9 or len(set(typed)) < len(typed) or not lawful:
        raise Refusal("--groups 最多 9 类，每类名称 40 字以内，且不能相同。")
    total = sum(number for _, number in persons)
    if not 1 <= total <= SLIPS_MOST:
        raise Refusal(f"--groups 的人数合计应为 1 到 {SLIPS_MOST}。")
    shares = share_out(total if slips is None else slips, [number for _, number in persons])
    return tuple(DemoGroup(n, number, s) for (n, number), s in zip(persons, shares, strict=True))


def share_out(slips: int, persons: list[int]) -> list[int]:
    """`slips` in proportion to `persons`, largest remainders first; they sum to `slips`."""
    total = sum(persons)
    shares = [slips * number // total for number in persons]
    by_remainder = sorted(
        range(len(persons)), key=lambda place: (-(slips * persons[place] % total), place)
    )
    for place in by_remainder[: slips - sum(shares)]:
        shares[place] += 1
    return shares


def _subjects(
    scheme: Scheme,
    ladder: str | None,
    number: int | None,
    domain: str | None,
    records: list[dict[str, Any]],
) -> tuple[DemoSubject, ...]:
    """The branches: as `records` say, the rest made up."""
    number = number or len(records)
    if not number:
        raise Refusal("缺少 --subjects。用法见 flask --app wsgi demo --help。")
    if number > SUBJECTS_MOST:
        raise Refusal(f"--records 里最多 {SUBJECTS_MOST} 个测评对象。")
    if len(records) > number:
        raise Refusal(f"--records 里有 {len(records)} 个测评对象，多于 --subjects 的 {number} 个。")
    example = preset(scheme.id, scheme.domains)
    taken = {record["name"] for record in records if "name" in record}
    found = []
    for place, record in enumerate(records + [{}] * (number - len(records))):
        code = scheme.domain(record.get("domain") or domain or example.domain).code
        name = record.get("name") or branch_name(example, code, taken)
        taken.add(name)
        found.append(_subject(scheme, ladder, place, {**record, "name": name, "domain": code}))
    return tuple(found)


def _subject(scheme: Scheme, ladder: str | None, place: int, record: dict[str, Any]) -> DemoSubject:
    """One branch. Scores that `record` does not mention are made up; null means none."""
    superior = SUPERIOR_SCORES[place % len(SUPERIOR_SCORES)]
    scores = {
        "self": record.get("self", str(superior + 2)),
        "superior": record.get("superior", str(superior)),
    }
    document = {"domain": record["domain"], "scores": scores, "facts": record.get("facts", {})}
    if ladder is not None:
        document["ladder"] = ladder
    _, facts = parse_facts(scheme, json.dumps(document), f"测评对象“{record['name']}”")
    exact = {name: Decimal(number_text(score)) for name, score in facts.scores.items()}
    return DemoSubject(
        name=record["name"],
        domain=record["domain"],
        self_score=exact.get("self"),
        superior_score=exact.get("superior"),
        facts={
            name: number_text(value) if isinstance(value, Fraction) else value
            for name, value in facts.facts.items()
        },
    )


def _records(file: Path | None) -> list[dict[str, Any]]:
    """The list in a `--records` file; numbers with a point stay text, and so exact."""
    if file is None:
        return []
    try:
        value = json.loads(file.read_text("utf-8"), parse_float=str)
    except OSError as error:
        raise Refusal(f"--records 的文件读不了：{file}（{error.strerror}）。") from error
    except (ValueError, RecursionError) as error:
        raise Refusal(f"--records 的文件 {file} 不是 JSON。") from error
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise Refusal(f"--records 的文件 {file} 应为 JSON 列表，每个测评对象一个 {{…}}。")
    for record in value:
        if unknown := set(record) - RECORD_KEYS:
            raise Refusal(
                f"--records 中不认识 {'、'.join(sorted(unknown))}；可用：name domain self "
                "superior facts。"
            )
        for key in {"name", "domain"} & set(record):
            text = record[key]
            if not isinstance(text, str) or not 0 < len(text) <= NAME_MOST or text != text.strip():
                raise Refusal(f"--records 的 {key} 应为 {NAME_MOST} 字以内的文字。")
            if not text.isprintable():
                raise Refusal(f"--records 的 {key} 里有不能显示的字符。")
    return value
