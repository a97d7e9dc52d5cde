"""Fixtures of the browser tests: one server for a whole run, and meetings on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import DATABASE_FILE
from tests.browser.examine import Examiner
from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.pages import INSECURE_HOST
from tests.serving import Server


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Server]:
    """A server shared by tests that keep to a meeting of their own."""
    data = tmp_path_factory.mktemp("hall") / "data"
    data.mkdir(mode=0o700)
    shutil.copyfile(migrated_database, data / DATABASE_FILE)
    server = Server(data, {})
    server.start()
    yield server
    server.kill()


@pytest.fixture
def examiner() -> Iterator[Examiner]:
    """Looks at pages; what it finds wrong fails the test."""
    examiner = Examiner()
    yield examiner
    assert examiner.faults == []


@pytest.fixture
def meeting(hall: Server) -> OpenMeeting:
    """An open meeting, three subjects with one question each, at an origin that is not secure."""
    return open_meeting_on(hall, INSECURE_HOST)
