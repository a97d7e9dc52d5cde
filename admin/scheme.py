"""方案: every scheme explained in words, its versions side by side, and figures tried out on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import abort, make_response, render_template, request
from werkzeug.wrappers import Response

from admin import blueprint
from admin.guard import me
from app.actions import library as actions
from app.actions.grading import scheme_of
from app.actions.library import Kept
from app.actions.rights import Reach, reach_of, visible_rounds
from app.actions.round import get_round
from app.actions.scheme import list_shipped, shipped_ids
from app.domain.errors import FactsInvalid, SchemeInvalid
from app.domain.grading.proposal import Proposal
from app.domain.grading.trial import Typed, groups_of, try_out, two_numbers_do
from app.domain.meeting import ABSTAIN
from app.domain.scheme import SCORE_TITLES, AdjustmentKind, BallotQuestion, Scheme
from app.domain.scheme.difference import difference
from app.domain.scheme.explain import explain
from app.models import SchemeVersion

TYPED_MOST = 40
"""Characters of one figure of a trial."""


@blueprint.get("/schemes")
def schemes() -> str:
    """All schemes: those of the library, and the shipped ones."""
    return render_template("admin/schemes.html", shelves=actions.shelves(), shipped=list_shipped())


@blueprint.get("/schemes/<scheme_id>")
def scheme(scheme_id: str) -> str:
    """One scheme, in one version: what the document says, and what is convention."""
    version, reach = _version("version"), reach_of(me())
    shipped = version is None and scheme_id in shipped_ids()
    shelf = None if shipped else actions.shelf_of(scheme_id)
    kept, problems = _read(scheme_id, version)
    return render_template(
        "admin/scheme.html",
        scheme_id=scheme_id,
        kept=kept,
        problems=problems,
        shelf=shelf,
        shown=None if shipped else actions.version_of(scheme_id, version),
        versions=() if shipped else actions.versions_of(scheme_id),
        mine=shelf is not None and keeps(reach, shelf.newest),
        rounds=visible_rounds(reach, actions.rounds_with(scheme_id)),
        **_words(kept),
    )


@blueprint.get("/rounds/<int:round_id>/scheme")
def scheme_of_round(round_id: int) -> str:
    """The scheme as this round applies it, whatever has become of it since."""
    round_ = get_round(round_id)
    applied = Kept(scheme_of(round_), round_.scheme_text, round_.scheme_version)
    now, _ = _read(round_.scheme_id, None) if _is_there(round_.scheme_id) else (None, ())
    return render_template(
        "admin/scheme_of_round.html", round=round_, kept=applied, now=now, **_words(applied)
    )


@blueprint.get("/schemes/<scheme_id>/difference")
def scheme_difference(scheme_id: str) -> str:
    """What is different between two versions."""
    old = actions.version_of(scheme_id, _version("old") or 1)
    new = actions.version_of(scheme_id, _version("new"))
    return render_template(
        "admin/scheme_difference.html",
        scheme_id=scheme_id, old=old, new=new, versions=actions.versions_of(scheme_id),
        lines=difference(old.text, new.text),
    )  # fmt: skip


@blueprint.get("/schemes/<scheme_id>/file")
def scheme_file(scheme_id: str) -> Response:
    """The file, to be saved."""
    version = _version("version")
    if version is None and scheme_id in shipped_ids():
        text, name = actions.find_scheme(scheme_id).text, f"{scheme_id}.toml"
    else:
        row = actions.version_of(scheme_id, version)
        text, name = row.text, f"{scheme_id}-第{row.version}版.toml"
    return _file(text, name)


def keeps(reach: Reach, row: SchemeVersion) -> bool:
    """Whether a scheme of the library is kept within somebody's part of the tree."""
    return reach is None or row.organisation_id in reach


class Trial(NamedTuple):
    """The form of a trial. proposal: None until something has been tried, or where it is wrong.

    questions: of the domain chosen; None while its ladder is open. stale: what was typed belonged
    to another domain's ballot.
    """

    typed: Typed
    groups: tuple[str, ...]
    questions: tuple[BallotQuestion, ...] | None
    two_numbers: bool
    stale: bool
    problems: Sequence[Any]
    proposal: Proposal | None

    @property
    def counts_open(self) -> bool:
        """Whether the ballots choice by choice are in use."""
        typed = (
            text
            for questions in self.typed.counts.values()
            for choices in questions.values()
            for text in choices.values()
        )
        return not self.two_numbers or any(typed)


def trial_of(scheme: Scheme) -> Trial:
    """The trial that the address asks for."""
    domain = _typed("domain") or scheme.domains[0].code
    ladder = "" if scheme.ladder_chosen else _typed("ladder")
    codes = [d.code for d in scheme.domains]
    if domain not in codes or ladder not in ("", *(c.name for c in scheme.ladder_choices)):
        abort(404)
    settled = scheme.with_ladder(ladder) if ladder else scheme
    groups = groups_of(scheme, domain)
    questions = settled.ballot_questions(domain) if settled.ladder_chosen else None
    asked_for = f"{domain}/{ladder}"
    stale = _typed("shown") not in ("", asked_for)
    typed = Typed(
        domain=domain,
        ladder=ladder,
        scores={name: _typed(f"score-{name}") for name in SCORE_TITLES},
        facts={field.name: _typed(f"fact-{field.name}") for field in scheme.facts},
        satisfied=_typed("satisfied"),
        valid=_typed("valid"),
        counts={} if stale or questions is None else _counts(groups, questions),
        deductions=_times(scheme, "deductions", domain),
        bonuses=_times(scheme, "bonuses", domain),
    )
    problems: Sequence[Any] = ()
    proposal = None
    if "try" in request.args and not stale:
        try:
            proposal = try_out(scheme, typed)
        except FactsInvalid as error:
            problems = error.problems
    two_do = two_numbers_do(scheme, domain)
    return Trial(typed, groups, questions, two_do, stale, problems, proposal)


def _times(scheme: Scheme, kind: AdjustmentKind, domain: str) -> dict[str, str]:
    """What was typed for each deduction or bonus, by its name; fields go by their place."""
    items = scheme.adjustments(kind, domain)
    return {item.name: _typed(f"{kind}-{number}") for number, item in enumerate(items)}


def _counts(
    groups: Sequence[str], questions: Sequence[BallotQuestion]
) -> dict[str, dict[str, dict[str, str]]]:
    return {
        group: {
            question.id: {
                value: _typed(f"n-{number}-{question.id}-{value}")
                for value in (*(choice.value for choice in question.choices), ABSTAIN)
            }
            for question in questions
        }
        for number, group in enumerate(groups)
    }


def _typed(name: str) -> str:
    return request.args.get(name, "").strip()[:TYPED_MOST]


def _version(name: str) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        abort(404)
    return int(text)


def _is_there(scheme_id: str) -> bool:
    return scheme_id in shipped_ids() or actions.newest_of(scheme_id) is not None


def _read(scheme_id: str, version: int | None) -> tuple[Kept | None, Sequence[Any]]:
    """The scheme, or why this program cannot read it. Raises SchemeUnknown."""
    try:
        return actions.find_scheme(scheme_id, version), ()
    except SchemeInvalid as error:
        return None, error.problems


def _words(kept: Kept | None) -> dict[str, Any]:
    """What a page needs to explain a scheme and to try it out."""
    if kept is None:
        return {"scheme": None, "sections": (), "trial": None}
    return {
        "scheme": kept.scheme,
        "sections": explain(kept.scheme),
        "trial": trial_of(kept.scheme),
    }


def _file(text: str, name: str) -> Response:
    answer = make_response(text.encode())
    answer.headers["Content-Type"] = "application/toml; charset=utf-8"
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answer
