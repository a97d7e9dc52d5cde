"""Make the application: reads as a table of contents."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_login import current_user
from werkzeug.routing import IntegerConverter, Map
from whitenoise import WhiteNoise

from app import cli
from app.actions.audit import keep_history
from app.assets import use_assets
from app.config import Config, ConfigError
from app.errors import map_errors
from app.extensions import csrf, limiter, login, migrate
from app.health import use_health, watch_database
from app.hosts import use_hosts
from app.language import use_languages
from app.logs import set_up_logs
from app.metrics import use_metrics
from app.models import db
from app.models.base import BUSY_SECONDS, settle_transactions
from app.security import AdminSessions, harden

ROOT = Path(__file__).resolve().parent.parent
REQUEST_BYTES_MOST = 1024 * 1024

# Who waits to write holds a connection; nobody who only reads shall wait for one.
_SQLITE_POOL: dict[str, object] = {"max_overflow": -1}
# The server has a fixed number of connections for all processes; a restart of it cuts them all.
_POSTGRESQL_POOL: dict[str, object] = {
    "pool_size": 4,
    "max_overflow": 8,
    "pool_timeout": BUSY_SECONDS,
    "pool_pre_ping": True,
    "connect_args": {"connect_timeout": 5},
}


class RowNumber(IntegerConverter):
    """A number in an address that may be a row's; what no database holds is not found."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=2**31 - 1)


def create_app(config: Config | None = None) -> Flask:
    """One process of the service; without `config`, as the environment says."""
    config = config or Config.from_env()
    app = Flask("app", root_path=str(ROOT / "app"), static_folder=None)
    if app.debug:
        raise ConfigError(
            "调试模式会把来访者提交的内容显示出来。请去掉 FLASK_DEBUG 或 --debug 后再启动。"
        )
    app.url_map.converters["int"] = RowNumber
    app.session_interface = AdminSessions()
    configure(app, config)
    set_up_logs(config.data / "logs")
    use_metrics(app, config.metrics_token)
    harden(app)
    map_errors(app)
    use_hosts(app)
    use_languages(app)
    use_assets(app, ROOT / "static" / "dist")
    bind_extensions(app)
    open_doors(app, config)
    use_health(app, ROOT / "migrations")
    cli.register(app)
    return app


def configure(app: Flask, config: Config) -> None:
    """Hand the settings to Flask and its extensions."""
    app.config.update(
        MINGCE=config,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            # Neither an error nor an echo of statements shows the values in them.
            "hide_parameters": True,
            **(_SQLITE_POOL if config.database_url.startswith("sqlite") else _POSTGRESQL_POOL),
        },
        MAX_CONTENT_LENGTH=REQUEST_BYTES_MOST,
        MAX_FORM_MEMORY_SIZE=REQUEST_BYTES_MOST,
        SESSION_COOKIE_NAME="mingce_admin",
        SESSION_COOKIE_PATH="/admin",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.base_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=12 * 3600,
        REMEMBER_COOKIE_DURATION=0,
        REMEMBER_COOKIE_PATH="/admin",
        # No Referer is ever sent (Referrer-Policy), so the token alone has to do.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it


def bind_extensions(app: Flask) -> None:
    """Bind database, migrations, login, CSRF and rate limits."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    login.init_app(app, add_context_processor=False)
    # Looked up only by a template that uses it: a voter's page must not look for a session.
    app.context_processor(lambda: {"current_user": current_user})
    csrf.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        settle_transactions(db.engine)
        watch_database(db.engine)
    keep_history()


def open_doors(app: Flask, config: Config) -> None:
    """Register the doors that this process opens, and the files both serve."""
    if config.role in ("all", "voting"):
        from voting import blueprint as voting_door

        app.register_blueprint(voting_door)
    if config.role in ("all", "admin"):
        from admin import blueprint as admin_door

        app.register_blueprint(admin_door)
    dist = ROOT / "static" / "dist"
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # as Flask documents it
        app.wsgi_app,
        root=str(dist) if dist.is_dir() else None,
        prefix="static/dist/",
        immutable_file_test=lambda _path, url: not url.endswith(".txt"),
    )
    if config.role in ("all", "voting"):
        from voting.quick import VotesFirst

        app.wsgi_app = VotesFirst(app, app.wsgi_app)  # type: ignore[method-assign]
