"""More slips than foreseen, or a block that fills up: all marks move to more blocks."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.actions import urn
from app.actions.slip import issue_slips
from app.domain import urn as layout
from app.models import urn_blocks
from app.models.urn_file import urn_reading
from tests.voters import Example


def _blocks(example: Example) -> int:
    with example.app.app_context(), urn_reading(example.code) as connection:
        return connection.scalar(select(func.count()).select_from(urn_blocks)) or 0


def test_further_slips_make_more_blocks_and_keep_the_marks(app: Flask) -> None:
    example = Example(app, slips=16)
    example.vote_all()
    assert _blocks(example) == 2
    with app.app_context():
        issue_slips(example.id, "g1", 20)
    assert _blocks(example) == 2 * 3
    assert example.close()["cells"]["s01.q1"]["option1"] == 16


def test_a_block_that_fills_up_is_laid_out_anew(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = Example(app, slips=12)
    with monkeypatch.context() as small:
        small.setattr(layout, "ENTRIES_MOST", 4)
        example.vote_all()
    assert _blocks(example) > 2
    assert urn.blocks_needed(12) == 1
    assert example.close()["cells"]["s01.q1"]["option1"] == 12
