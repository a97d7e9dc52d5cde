"""The Flask extensions, made once and bound to the application in the factory."""

from __future__ import annotations

from flask import request
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from app.security import ADMIN_DOOR, address_key


class AdminLimiter(Limiter):
    """Looks for limits of a route behind the admin's door only.

    The voters' door counts its failures itself, and a tenth of a vote would be spent on looking.
    """

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if request.path.startswith(ADMIN_DOOR):
            super()._check_request_limit(callable_name, in_middleware)


migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
limiter = AdminLimiter(key_func=address_key, storage_uri="memory://", headers_enabled=False)
