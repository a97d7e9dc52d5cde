"""方案: how a document grades organisations, read from a file that a clerk can write.

`numbers` and `condition` are the parts, `values` the whole, `reader`, `rules`, `data` and `parse`
make it out of TOML (docs/scheme-format.md), `show` puts it back into JSON and into words.
"""

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
from app.domain.scheme.numbers import number_text, rate_text, read_number, read_rate
from app.domain.scheme.parse import parse_scheme
from app.domain.scheme.reader import Table, shown
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
    Grade,
    Indicator,
    Ladder,
    LadderChoice,
    Rule,
    SatisfactionRule,
    Scheme,
)

__all__ = [
    "SCORE_TITLES",
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
    "condition_words",
    "effect_words",
    "measure_words",
    "number_text",
    "parse_scheme",
    "rate_text",
    "read_number",
    "read_rate",
    "rule_words",
    "scheme_json",
    "shown",
]
