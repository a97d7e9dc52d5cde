"""How long closing takes. The ballots are written straight into the urn, in great transactions."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.actions.closing import close_meeting
from app.actions.meeting import meeting_by_code
from app.actions.urn import OpenBlocks, make_room
from app.config import Config
from app.domain.ballot import TRACKER_BYTES, Mark
from app.domain.credential import Seed
from app.factory import create_app
from app.models import urn_meeting
from app.models.urn_file import close_urns, plain, urn_writing

PART = 5000


def close_with(data: Path, code: str, cells: int, ballots: int) -> dict[str, Any]:
    """Fill the urn of an open meeting that has no ballots yet, and close it."""
    app = create_app(Config.from_env({"MINGCE_DATA": str(data)}))
    with app.app_context():
        with urn_writing(code) as urn:
            row = urn.execute(select(urn_meeting)).one()
            names = [cell["id"] for cell in row.form["cells"]]
            make_room(plain(urn), Seed(row.seed), names, ballots)
        for start in range(0, ballots, PART):
            with urn_writing(code) as urn:
                _put(plain(urn), Seed(row.seed), names, min(PART, ballots - start))
        began = time.perf_counter()
        box = close_meeting(meeting_by_code(code).id)
        seconds = time.perf_counter() - began
    close_urns(app)
    counted = sum(count.cast for count in box.counts.values())
    return {
        "ballots": ballots,
        "cells": cells,
        "seconds": seconds,
        "lost_or_doubled": ballots - counted,
    }


def _put(urn: Any, seed: Seed, cells: list[str], ballots: int) -> None:
    blocks = OpenBlocks(urn, seed)
    for _ in range(ballots):
        blocks.put(
            "g1", [Mark(cell, "option1", secrets.token_bytes(TRACKER_BYTES)) for cell in cells]
        )
        urn.execute(
            "INSERT INTO spent_nonces (nonce, group_code, sealed_hash) VALUES (?, 'g1', ?)",
            (secrets.token_bytes(32), secrets.token_bytes(32)),
        )
        urn.execute(
            "INSERT INTO slips (token_hash, group_code, blinded, used) VALUES (?, 'g1', ?, 1)",
            (secrets.token_bytes(32), secrets.token_bytes(32)),
        )
    blocks.write()
