"""What templates call things: the words of the documents, and addresses in groups."""

from __future__ import annotations

from fractions import Fraction

from admin import blueprint
from admin.forms import KIND_WORDS
from app.actions.grading import scheme_of
from app.domain.tally import score_text as exact_score
from app.models import Round

STATE_WORDS = {"draft": "草稿", "open": "进行中", "closed": "已计票", "voided": "已作废"}
STATE_COLOURS = {"draft": "secondary", "open": "green", "closed": "blue", "voided": "red"}
EFFECT_WORDS = {
    "ladder": "按分定级",
    "missing": "尚缺分数",
    "pending": "待定",
    "not_applied": "未计入",
    "computed": "算法",
    "deduction": "扣分",
    "bonus": "加分",
    "unformed": "算不出",
    "cap": "封顶",
    "floor_to": "直接定级",
    "flag": "须说明",
    "veto": "一票否决",
}


@blueprint.app_template_filter("kind_word")
def kind_word(kind: str) -> str:
    """党委, 党总支 or 党支部."""
    return KIND_WORDS[kind]


@blueprint.app_template_filter("state_word")
def state_word(state: str) -> str:
    """A meeting's state."""
    return STATE_WORDS[state]


@blueprint.app_template_filter("state_colour")
def state_colour(state: str) -> str:
    """The colour of a state's badge."""
    return STATE_COLOURS[state]


@blueprint.app_template_filter("effect_word")
def effect_word(effect: str) -> str:
    """What a rule does, in a word or two; the effect itself where it has no word."""
    return EFFECT_WORDS.get(effect, effect)


@blueprint.app_template_filter("in_groups")
def in_groups(text: str, size: int = 8) -> str:
    """A digest in groups, so that people can compare it."""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))


@blueprint.app_template_filter("score_text")
def score_text(score: object) -> str:
    """A score as it was typed; a dash where there is none."""
    return "—" if score is None else f"{score}"


@blueprint.app_template_filter("points")
def points(score: Fraction | None) -> str:
    """An exact number of points; a dash where there is none."""
    return "—" if score is None else exact_score(score)


@blueprint.app_template_filter("domain_name")
def domain_name(code: str, round_: Round) -> str:
    """A domain's name in the scheme of its round."""
    return scheme_of(round_).domain(code).name
