"""Whatever a client sends, the API answers as described, and never with 500 (schemathesis)."""

from __future__ import annotations

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from app.actions.meeting import void_meeting
from tests.voters import Example
from voting.openapi import OPERATIONS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
STREAM = "watchLive"
"""Never ends, and has tests of its own."""

bounded = settings(
    max_examples=40,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def in_state(app: Flask, state: str) -> str:
    """The code of a meeting in this state, with eleven ballots where it could have them."""
    example = Example(app, slips=12)
    example.vote_all(slips=example.slips[:11])
    if state == "closed":
        example.close()
    if state == "voided":
        with app.app_context():
            void_meeting(example.id, "测试作废")
    return example.code


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - {STREAM}))
@pytest.mark.parametrize("state", ["open", "closed", "voided", "unknown"])
def test_every_answer_is_as_described(app: Flask, state: str, operation: str) -> None:
    code = None if state == "unknown" else in_state(app, state)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    described = schema.find_operation_by_id(operation)

    def lawful() -> st.SearchStrategy[schemathesis.Case]:
        return described.as_strategy(generation_mode=GenerationMode.POSITIVE)

    def unlawful() -> st.SearchStrategy[schemathesis.Case]:
        return described.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    def ask(case: schemathesis.Case, checks: list[object]) -> None:
        if code is not None and case.path_parameters:
            case.path_parameters["code"] = code
        case.call_and_validate(checks=checks)

    @bounded
    @given(case=lawful())
    def answers_what_is_lawful(case: schemathesis.Case) -> None:
        ask(case, CHECKS)

    answers_what_is_lawful()
    if described.body:

        @bounded
        @given(case=unlawful())
        def refuses_what_is_not(case: schemathesis.Case) -> None:
            ask(case, [*CHECKS, negative_data_rejection])

        refuses_what_is_not()
