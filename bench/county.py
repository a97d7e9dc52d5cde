"""How long a county's pages and ledgers take: 38 committees, 533 organisations, one round."""

from __future__ import annotations

import io
import json
import time
from datetime import date
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from openpyxl import Workbook
from sqlalchemy import select

from app.actions.account import create_account
from app.actions.coverage import due_members
from app.actions.grading import reassess
from app.actions.record import change_scores
from app.actions.report import ROUND_FORMS
from app.actions.roster import fingerprint, import_roster, read_roster
from app.actions.round import RoundWish, create_round
from app.actions.scheme import load_shipped
from app.config import Config
from app.domain.roster import COLUMNS
from app.domain.tally import Satisfaction
from app.factory import create_app
from app.models import GradingRecord, Meeting, MeetingSubject, Organisation, VoterGroup, boxes, db
from bench.desk import Desk
from tests.counties import roster
from tests.serving import Server

ACCOUNT = {"name": "王秘书", "password": "a long enough password"}
PAGES = (
    "/", "/organisations", "/organisations/2", "/organisations/new", "/organisations/import",
    "/rounds", "/rounds/new", "/rounds/new/shangdu-2012", "/rounds/1", "/rounds/1/coverage",
    "/rounds/1/progress", "/rounds/1/steps", "/rounds/1/points", "/rounds/1/members",
    "/rounds/1/notice", "/rounds/1/final", "/rounds/1/forms", "/rounds/1/meetings/new",
    "/records/1", "/records/1/survey", "/records/1/self", "/records/1/assessment",
    "/rectifications", "/schemes", "/schemes/shangdu-2012", "/rounds/1/scheme", "/audit",
    "/charts", "/rounds/1/charts", "/rounds/1/charts?page=2",
)  # fmt: skip
LEDGERS = (
    "/organisations/export.xlsx",
    *(f"/rounds/1/forms/{name}{kind}" for name in ROUND_FORMS for kind in ("", ".xlsx", ".docx")),
    "/records/1/forms/register.docx",
)
TIMES = 5


def measure(server: Server) -> dict[str, Any]:
    """Import, then every page: milliseconds, the median and the longest of five."""
    found: dict[str, Any] = {"import_ms": _make(server.data)}
    desk = Desk(server.base, ACCOUNT)
    for kind, paths, times in (("pages", PAGES, TIMES), ("ledgers", LEDGERS, 2)):
        found[kind] = {path: _timed(desk, path, times) for path in paths}
        slowest = max(found[kind], key=lambda path, kind=kind: found[kind][path]["most_ms"])  # type: ignore[misc]
        found[f"slowest_{kind}"] = slowest, found[kind][slowest]["most_ms"]
    return found


def _timed(desk: Desk, path: str, times: int) -> dict[str, float]:
    desk.open(path)  # templates compiled, the scheme parsed
    took = []
    for _ in range(times):
        before = time.perf_counter()
        desk.open(path)
        took.append((time.perf_counter() - before) * 1000)
    return {"median_ms": round(median(took), 1), "most_ms": round(max(took), 1)}


def _make(data: Path) -> float:
    """Import the roster, begin a round of everybody, score them; how long the import took."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(COLUMNS))
    for row in roster():
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    app = create_app(Config.from_env({"MINGCE_DATA": str(data)}))
    with app.app_context():
        create_account(**ACCOUNT)
        before = time.perf_counter()
        found = read_roster(buffer.getvalue(), date(2026, 4, 5))
        import_roster([item.line for item in found.new], fingerprint(found))
        took = (time.perf_counter() - before) * 1000
        root = db.session.scalars(select(Organisation.id).order_by(Organisation.id)).first()
        members = tuple(due_members(load_shipped("shangdu-2012"), root))
        create_round(RoundWish("2012年分类定级", "shangdu-2012", None, True, members, root))
        for number, record_id in enumerate(db.session.scalars(select(GradingRecord.id)).all()):
            change_scores(record_id, "90", str(96 - number % 45))
        _test_everybody()
        db.session.remove()
        db.engine.dispose()
    return round(took, 1)


def _test_everybody() -> None:
    """Counted meetings as closing leaves them: one for those under each committee, 40 ballots."""
    records = db.session.scalars(select(GradingRecord).order_by(GradingRecord.id)).all()
    under: dict[int, list[GradingRecord]] = {}
    for record in records:
        under.setdefault(record.organisation.parent_id or 0, []).append(record)
    for number, tested in enumerate(under.values()):
        meeting = Meeting(
            code=f"B{number:05}", round_id=1, title=f"第{number + 1}场测评会", host="", wifi="",
            base_url="http://127.0.0.1", state="closed", present=41,
        )  # fmt: skip
        meeting.groups = [VoterGroup(code="g1", name="党员", expected=42 + number % 5)]
        meeting.subjects = [MeetingSubject(position=n, record=r) for n, r in enumerate(tested, 1)]
        db.session.add(meeting)
        db.session.flush()
        db.session.execute(
            boxes.insert().values(
                meeting_id=meeting.id, digest="0" * 64, document="{}", cast=40,
                counts={}, groups={"g1": {"issued": 41, "voided": 0, "cast": 40}},
            )
        )  # fmt: skip
        for record in tested:
            not_satisfied = record.id % 23
            choices = {"option1": 30 - not_satisfied, "option2": 8, "option3": not_satisfied}
            marks = {**choices, "abstain": 2}
            rate = Satisfaction(38 - not_satisfied, 40, (Fraction(9, 10), Fraction(1, 2)))
            record.mass = {
                "meeting": meeting.code,
                "tallies": {"g1": {"q1": marks}},
                "satisfaction": {
                    "numerator": rate.numerator,
                    "denominator": rate.denominator,
                    "percent": rate.percent,
                },
            }
            reassess(record)
    db.session.commit()


def main() -> None:
    """By itself: `python -m bench.county`."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="mingce-county-") as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        server = Server(data, {})
        server.flask("db", "upgrade")
        server.start()
        try:
            print(json.dumps(measure(server), indent=1, ensure_ascii=False))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
