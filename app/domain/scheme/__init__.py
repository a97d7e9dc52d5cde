"""方案: how a document grades organisations, read from a file that a clerk can write.

`numbers`, `condition`, `ladder`, `groups`, `satisfaction` and `adjusting` are the parts, `values`
the whole; `reader`, `ballot`, `scoring`, `rules`, `data` and `parse` make it out of TOML
(docs/scheme-format.md), `show` puts it back into JSON and into words.
"""

from app.domain.scheme.adjusting import ADJUSTMENT_WORDS, Adjustment, AdjustmentKind
from app.domain.scheme.condition import (
    AllOf,
    AnyOf,
    Bound,
    Compare,
    Condition,
    FactIs,
    InDomain,
    Not,
    Voted,
)
from app.domain.scheme.groups import (
    VoterGroup,
    group_named,
    groups_merged_in,
    weights_words,
)
from app.domain.scheme.ladder import Grade, GradeTarget, Ladder, LadderChoice
from app.domain.scheme.numbers import number_text, rate_text, read_number, read_rate
from app.domain.scheme.parse import parse_scheme
from app.domain.scheme.reader import Table, shown
from app.domain.scheme.satisfaction import SatisfactionRule
from app.domain.scheme.show import (
    condition_words,
    effect_words,
    measure_words,
    rule_words,
    scheme_json,
)
from app.domain.scheme.values import (
    SCORE_TITLES,
    BallotQuestion,
    Choice,
    Domain,
    FactField,
    Indicator,
    Rule,
    Scheme,
)

__all__ = [
    "ADJUSTMENT_WORDS",
    "SCORE_TITLES",
    "Adjustment",
    "AdjustmentKind",
    "AllOf",
    "AnyOf",
    "BallotQuestion",
    "Bound",
    "Choice",
    "Compare",
    "Condition",
    "Domain",
    "FactField",
    "FactIs",
    "Grade",
    "GradeTarget",
    "InDomain",
    "Indicator",
    "Ladder",
    "LadderChoice",
    "Not",
    "Rule",
    "SatisfactionRule",
    "Scheme",
    "Table",
    "Voted",
    "VoterGroup",
    "condition_words",
    "effect_words",
    "group_named",
    "groups_merged_in",
    "measure_words",
    "number_text",
    "parse_scheme",
    "rate_text",
    "read_number",
    "read_rate",
    "rule_words",
    "scheme_json",
    "shown",
    "weights_words",
]
