"""A phone that stands out in every log: its address, its browser's name, and all that it sends."""

from __future__ import annotations

import http.client
import json
import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from app.domain.ballot import tracker
from app.domain.encoding import b64url
from app.domain.slip import in_fours, parse_token, token_hash
from app.phones.voter import Blinding, Credential, Door, blind, fetch_meeting, read_slip_url
from app.phones.voter import redeem as redeem_slip
from app.phones.voter import seal_ballot as seal

ADDRESS = "127.0.0.77"
GATEWAY = "203.0.113.77"
"""What the phone's provider adds to its requests, as the address behind its gateway."""

BROWSER = "MarkedPhone/7.7"
HEADERS = {
    "User-Agent": BROWSER,
    "X-Forwarded-For": GATEWAY,
    "X-Real-IP": GATEWAY,
    "Forwarded": f"for={GATEWAY}",
    "Via": f"1.1 {GATEWAY}",
    "Referer": f"https://{GATEWAY}/",
}
PATIENCE = 60.0


class MarkedDoor(Door):
    """The voters' door as this phone reaches it. tls: trusts the server's certificate."""

    def __init__(self, base: str, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(base)
        self._connection = connection(base, tls)
        self.headers = dict(HEADERS)

    def _once(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body).encode()
        try:
            headers = {**self.headers, "Content-Type": "application/json"}
            self._connection.request(method, f"/api/v1/meetings/{path}", content, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise


def connection(base: str, tls: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
    """A connection from the phone's own address."""
    parts = urlsplit(base)
    source, host = (ADDRESS, 0), parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            host, parts.port, timeout=PATIENCE, source_address=source, context=tls
        )
    return http.client.HTTPConnection(host, parts.port, timeout=PATIENCE, source_address=source)


class Phone:
    """One voter's phone with a slip; it knows all of which nothing may be found anywhere."""

    def __init__(self, base: str, slip_url: str, tls: ssl.SSLContext | None = None) -> None:
        self.slip = read_slip_url(slip_url)
        self.door = MarkedDoor(base, tls)
        self.meeting = fetch_meeting(self.door, self.slip)
        self.drawn: Blinding = blind()
        self._credential: Credential | None = None
        self._secrets: dict[str, bytes] = {
            "token hash": token_hash(parse_token(self.slip.token)),
            "nonce": self.drawn.nonce,
            "blinded": self.drawn.blinded,
        }
        self._texts = {
            "token": self.slip.token,
            "token in groups": in_fours(self.slip.token),
            "address": ADDRESS,
            "address behind the gateway": GATEWAY,
            "browser": BROWSER,
            "address of the slip": f"/v/{self.slip.meeting}",
            "address of the interface": f"/meetings/{self.slip.meeting}",
        }

    def close(self) -> None:
        """Let go of the connection."""
        self.door.close()

    def redeem(self) -> None:
        """Exchange the slip for the credential; again, if need be."""
        self._credential = redeem_slip(self.door, self.meeting, self.slip, self.drawn)
        self._secrets["output"] = self._credential.output

    def ballot(self, choice: str = "option1") -> dict[str, str]:
        """A sealed ballot, with the same choice in every cell, as it is sent."""
        assert self._credential is not None
        sealed = seal(self.meeting, self._credential, dict.fromkeys(self.meeting.cells, choice))
        self._secrets["receipt"] = sealed.secret
        self._texts["sealed"] = sealed.body["sealed"][:40]
        for number, cell in enumerate(self.meeting.cells):
            self._secrets[f"tracker {number}"] = tracker(sealed.secret, cell)
        return sealed.body

    def vote(self, choice: str = "option1") -> None:
        """The whole of it; returns once the ballot is in the box."""
        self.redeem()
        body = self.ballot(choice)
        assert self.door.ask("POST", f"{self.meeting.code}/ballots", body) == {"accepted": True}

    def traces_in(self, files: Iterable[Path]) -> list[str]:
        """What of this phone stands in which of these files."""
        return [
            f"{what} in {path.name}: …{_around(content, form)}…"
            for path in files
            for content in (path.read_bytes(),)
            for what, form in self._forms()
            if form.lower() in content.lower()
        ]

    def _forms(self) -> Iterator[tuple[str, bytes]]:
        for what, text in self._texts.items():
            yield what, text.encode()
        for what, secret in self._secrets.items():
            for form in (
                secret,
                secret.hex().encode(),
                b64url(secret).encode(),
                b64encode(secret).rstrip(b"="),
                repr(secret)[2:-1].encode(),
            ):
                yield what, form


def _around(content: bytes, form: bytes) -> str:
    place = content.lower().find(form.lower())
    return content[max(0, place - 60) : place + 120].decode(errors="replace")
