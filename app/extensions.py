"""The Flask extensions, made once and bound to the application in the factory."""

from __future__ import annotations

from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from app.security import address_key

migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
limiter = Limiter(key_func=address_key, storage_uri="memory://", headers_enabled=False)
