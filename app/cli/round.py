"""`flask round check ID`: what a round still lacks, for other programs and for a clerk."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from app.actions.correction import hindrances
from app.actions.coverage import coverage_of
from app.actions.final_grade import final_grades, pending_corrections
from app.actions.finalising import finalisation_of, obstacles, records_of, untested
from app.actions.quota import quotas_of
from app.actions.round import get_round
from app.actions.step import plan, today
from app.cli.refusal import refusing
from app.domain.coverage import Body


@click.group("round")
def round_group() -> None:
    """轮次：核对覆盖、比例、步骤。"""


@round_group.command("check")
@click.argument("round_id", type=int, metavar="ID")
@with_appcontext
@refusing()
def check_command(round_id: int) -> None:
    """核对一轮：缺谁、谁重复，比例，没有截止的步骤，谁没有测评，还不能定稿的原因；以 JSON 写出。

    一切齐备（或已定稿）时退出状态为 0，还不能定稿为 1，没有这一轮为 2。
    """
    round_ = get_round(round_id)
    found, day = coverage_of(round_), today()
    final = bool(final_grades(round_))
    finalised = finalisation_of(round_)
    hindered = [] if final else obstacles(round_, day)
    answer = {
        "round": {"id": round_.id, "title": round_.title, "final": final},
        "coverage": {
            "complete": found.complete,
            "missing": _named(found.missing),
            "twice": _named(found.twice),
            "unknown_domain": _named(found.unknown),
            "beside": _named(found.beside),
            "without_domain": _named(found.without_domain),
        },
        "quotas": [
            {
                "grades": list(state.grades),
                "domain": state.domain,
                "number": state.number,
                "whole": state.whole,
                "holds": state.holds,
                "words": state.words,
                "clause": state.clause,
            }
            for state in quotas_of(round_)
        ],
        "open_steps": [
            {
                "name": planned.step.name,
                "ends": planned.span.ends and planned.span.ends.isoformat(),
            }
            for planned in plan(round_, day)
            if planned.phase != "over"
        ],
        "obstacles": hindered,
        "corrections": [
            {
                "record": record_id,
                "from": made.replaces.grade,
                "to": made.grade,
                "obstacles": hindrances(made, day),
            }
            for record_id, made in pending_corrections(round_).items()
        ],
        "untested": {
            "organisations": [
                {"id": record.organisation_id, "name": record.organisation.name}
                for record in untested(records_of(round_))
            ],
            "reason": finalised.reason if finalised else "",
        },
    }
    click.echo(json.dumps(answer, ensure_ascii=False))
    if hindered:
        raise SystemExit(1)


def _named(bodies: tuple[Body, ...]) -> list[dict[str, object]]:
    return [{"id": body.id, "name": body.name} for body in bodies]
