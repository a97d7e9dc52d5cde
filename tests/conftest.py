"""Fixtures for everyone: a fresh application, a real server process, a real browser.

Real things rather than stand-ins: a SQLite file made by the real migrations, gunicorn with its own
data folder, Chromium with a phone's or a projector's viewport.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from app.config import DATABASE_FILE, Config
from app.factory import create_app
from app.models.base import db
from app.models.urn_file import close_urns
from tests.pages import INSECURE_HOST, PHONE, SCREEN, WIDE, Pages
from tests.postgres import Postgres
from tests.serving import Server
from tools.setup import browser_path

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"

# How fast examples come says how busy the machine is, and nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slow browser tests last, and mark them."""
    for item in items:
        if "browser" in item.path.relative_to(Path(__file__).parent).parts:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file made by the real migrations, empty otherwise; copy it, never write to it."""
    data = tmp_path_factory.mktemp("migrated")
    app = create_app(Config.from_env({"MINGCE_DATA": str(data)}))
    with app.app_context():
        flask_migrate.upgrade()
        # The last connection to close folds the write-ahead log into the file that is copied.
        db.engine.dispose()
    return data / DATABASE_FILE


@pytest.fixture
def data_dir(tmp_path: Path, migrated_database: Path) -> Path:
    """A data folder of one test's own, with a migrated and empty database in it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    database = folder / DATABASE_FILE
    database.touch(mode=0o600)
    shutil.copyfile(migrated_database, database)
    return folder


@pytest.fixture
def app(data_dir: Path) -> Iterator[Flask]:
    """The application on a fresh database; both doors open."""
    config = Config.from_env(
        {"MINGCE_DATA": str(data_dir), "MINGCE_BASE_URL": "http://192.168.1.10:8000"}
    )
    app = create_app(config)
    app.testing = True
    yield app
    close_urns(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the fresh application; it keeps cookies, as a browser does."""
    return app.test_client()


@pytest.fixture
def start_server(data_dir: Path) -> Iterator[Callable[..., Server]]:
    """Start real servers: `start_server(env=..., data=...)`; all are stopped after the test."""
    with ExitStack() as stack:

        def start(env: dict[str, str] | None = None, data: Path | None = None) -> Server:
            server = Server(data or data_dir, env or {})
            stack.callback(server.kill)
            server.start()
            return server

        yield start


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """A real gunicorn process on a free port, with the test's own data folder."""
    return start_server()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run; `postgres.database()` is the URL of a fresh database."""
    cluster = Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; tests get contexts of their own from it.

    http://mingce.test:PORT reaches the loopback address, as an origin that is no secure context.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_path(),
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                *("--disable-sync", "--no-proxy-server"),
                f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    """Opens pages in contexts of their own; a script error or a blocked resource fails the test."""
    opened = Pages(browser)
    yield opened
    opened.close()


@pytest.fixture
def phone_page(pages: Pages) -> Page:
    """A phone: 390×844, touch. More phones: `pages.open(PHONE)`."""
    return pages.open(PHONE)


@pytest.fixture
def wide_page(pages: Pages) -> Page:
    """A laptop at the admin door."""
    return pages.open(WIDE)


@pytest.fixture
def screen_page(pages: Pages) -> Page:
    """A projector: 1920×1080."""
    return pages.open(SCREEN)


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[..., Path]:
    """`screenshot(page, name)`: into docs/pictures if MINGCE_PICTURES=1, else the test's folder."""
    folder = PICTURES if os.environ.get("MINGCE_PICTURES") == "1" else tmp_path / "pictures"

    def take(page: Page, name: str, **options: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        for patience in (1, 2, 0):
            try:
                page.screenshot(path=path, **options)
            except Error as error:
                # On a busy machine Chromium may fail to hand over a frame; the next one will do.
                if "Unable to capture screenshot" not in str(error) or not patience:
                    raise
                page.wait_for_timeout(patience * 1000)
            else:
                break
        return path

    return take
