"""What both doors do for safety: headers, the keyed hash of an address, signed links."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from ipaddress import ip_address

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, Request, Response, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeSerializer

from app.domain.errors import LinkInvalid

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""What every answer carries, unless a view says otherwise in one of `VIEWS_SAY`."""

VIEWS_SAY = ("Cache-Control", "Permissions-Policy")

ADMIN_DOOR = "/admin"
_address_secret = secrets.token_bytes(32)


def address_key() -> str:
    """The caller's address under a key that a restart forgets; never the address itself."""
    return keyed(request.remote_addr or "")


def is_address_hidden() -> bool:
    """Whether the caller's address is a proxy's, the same for everybody.

    The service itself speaks no TLS: where its address begins with https, a proxy stands before
    it. No header is asked, for anybody could send one and be counted no more.
    """
    if current_app.config["MINGCE"].base_url.startswith("https://"):
        return True
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return True


def keyed(text: str) -> str:
    """A hash of `text` under a key that a restart forgets."""
    return hmac.new(_address_secret, text.encode(), hashlib.sha256).hexdigest()


class AdminSessions(SecureCookieSessionInterface):
    """Sessions live behind the admin's door only: no voter ever gets or varies by a cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, unless the request is for the voters' door."""
        if request.path.startswith(ADMIN_DOOR):
            return super().open_session(app, request)
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, unless the answer is for the voters' door."""
        if request.path.startswith(ADMIN_DOOR):
            super().save_session(app, session, response)


def harden(app: Flask) -> None:
    """Put the headers on every answer."""

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            if name not in VIEWS_SAY or name not in response.headers:
                response.headers[name] = value
        return response


def sign(purpose: str, value: object) -> str:
    """A link's signed part; `purpose` keeps links of one kind from serving as another."""
    return _signer(purpose).dumps(value)


def unsign(purpose: str, text: str) -> object:
    """The value in a signed part; raises LinkInvalid."""
    try:
        return _signer(purpose).loads(text)
    except BadSignature as error:
        raise LinkInvalid from error


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt=f"mingce/{purpose}")


NONCE_BYTES = 12


def sealed(purpose: str, secret: bytes, about: str) -> bytes:
    """`secret` as it may lie in the database: encrypted under a key made of the service's own.

    about: what it belongs to; sealed for one, it opens for no other.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(purpose).encrypt(nonce, secret, about.encode())


def unsealed(purpose: str, found: bytes, about: str) -> bytes | None:
    """What `sealed` was given; None where the service has another key now, or it was changed."""
    try:
        return _cipher(purpose).decrypt(found[:NONCE_BYTES], found[NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError):
        return None


def _cipher(purpose: str) -> ChaCha20Poly1305:
    secret = str(current_app.config["SECRET_KEY"]).encode()
    info = f"mingce/{purpose}".encode()
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=None, info=info).derive(secret))
