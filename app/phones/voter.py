"""A voter in Python: the phone's side of protocol `mingce/1`, over HTTP.

Nothing here knows the database; a simulation or a test may run it on another machine.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from voprf import ristretto

from app.domain.ballot import IV_BYTES, RECEIPT_BYTES, Mark, seal, tracker, write_marks
from app.domain.credential import ELEMENT_BYTES, NONCE_BYTES, PROOF_BYTES, PROTOCOL, key_digest
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import MingceError
from app.domain.slip import parse_token

PATIENCE_SECONDS = 60.0
TIMEOUT_SECONDS = 20.0
WAIT_FIRST, WAIT_MOST = 0.1, 5.0
DIGEST_BYTES = 16


class NotCast(Exception):
    """A vote did not come about. code: the server's, or `unreachable`, `untrusted`, `bad_slip`."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class SlipUrl(NamedTuple):
    """What a slip's QR code says. meeting: its code; key_digest: 16 bytes."""

    meeting: str
    token: str
    key_digest: bytes


class Meeting(NamedTuple):
    """What the phone needs of a meeting. groups: code → public key; cells: id → choices."""

    code: str
    groups: dict[str, bytes]
    cells: dict[str, list[str]]
    face: dict[str, Any]


class Blinding(NamedTuple):
    """Drawn before the first request, and used for every repetition of it."""

    nonce: bytes
    client: ristretto.Client
    blinded: bytes


class Credential(NamedTuple):
    """output: N of RFC 9497, 64 bytes."""

    group: str
    nonce: bytes
    output: bytes


class Sealed(NamedTuple):
    """body: the request, sealed once and only ever resent. secret: of the receipt, 10 bytes."""

    body: dict[str, str]
    secret: bytes


def read_slip_url(url: str) -> SlipUrl:
    """A slip from the address in its QR code; raises NotCast."""
    parts = urlsplit(url.strip())
    meeting = parts.path.rpartition("/v/")[2]
    token, _, digest = parts.fragment.partition(".")
    try:
        parse_token(token)
        slip = SlipUrl(meeting, token, from_b64url(digest, DIGEST_BYTES))
    except MingceError as error:
        raise NotCast("bad_slip", f"这不是测评票的网址：{url.strip()[:80]!r}。") from error
    if not meeting or "/" in meeting:
        raise NotCast("bad_slip", f"测评票的网址中没有测评会编号：{url.strip()[:80]!r}。")
    return slip


class Door:
    """A kept-open connection to the voters' door, with retries; one for each thread.

    base: as printed on slips. patience: seconds after which a request is given up.
    """

    def __init__(self, base: str, patience: float = PATIENCE_SECONDS) -> None:
        parts = urlsplit(base)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        self._patience = patience

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON of a 2xx answer. Network errors, 5xx and 429 are tried again, more and more
        slowly; any other refusal, and the end of patience, raises NotCast.
        """
        deadline, wait = time.monotonic() + self._patience, WAIT_FIRST
        while True:
            refusal = NotCast("unreachable", "连不上服务器，请检查 --base 和网络。")
            with suppress(OSError, http.client.HTTPException):
                status, content = self._once(method, path, body)
                if 200 <= status < 300:
                    return _object(content)
                refusal = _refusal(status, content)
                if status < 500 and status != 429:
                    raise refusal
            if time.monotonic() + wait > deadline:
                raise refusal
            time.sleep(wait * (0.5 + secrets.randbelow(1000) / 1000))
            wait = min(wait * 2, WAIT_MOST)

    def _once(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body).encode()
        try:
            headers = {"Content-Type": "application/json"}
            self._connection.request(method, f"/api/v1/meetings/{path}", content, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise


def fetch_meeting(door: Door, slip: SlipUrl) -> Meeting:
    """The meeting's face, with its keys checked against the digest on the slip."""
    face = door.ask("GET", slip.meeting)
    if face.get("protocol") != PROTOCOL:
        raise NotCast("untrusted", f"服务器不使用协议 {PROTOCOL}。")
    meeting = Meeting(
        code=face["code"],
        groups={g["code"]: from_b64url(g["public_key"], ELEMENT_BYTES) for g in face["groups"]},
        cells={c["id"]: [choice["value"] for choice in c["choices"]] for c in face["cells"]},
        face=face,
    )
    check_keys(meeting, slip)
    return meeting


def check_keys(meeting: Meeting, slip: SlipUrl) -> None:
    """Raise NotCast unless the meeting's keys are those that the slip was printed for."""
    if key_digest(meeting.groups) != slip.key_digest:
        raise NotCast("untrusted", "服务器的密钥与测评票上印的不一致，已停止投票。")


def blind() -> Blinding:
    """A fresh nonce, blinded."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    client, blinded = ristretto.Client.blind(nonce)
    return Blinding(nonce, client, blinded.serialize())


def redeem(door: Door, meeting: Meeting, slip: SlipUrl, drawn: Blinding) -> Credential:
    """Exchange the slip for a credential; the server's proof is checked."""
    answer = door.ask(
        "POST",
        f"{meeting.code}/credentials",
        {"token": slip.token, "blinded": b64url(drawn.blinded)},
    )
    return finalise(meeting, answer, drawn)


def finalise(meeting: Meeting, answer: Mapping[str, str], drawn: Blinding) -> Credential:
    """The credential in an answer of the server; NotCast where its proof does not hold."""
    try:
        group = answer["group"]
        evaluated = from_b64url(answer["evaluated"], ELEMENT_BYTES)
        proof = from_b64url(answer["proof"], PROOF_BYTES)
        # The library reads the proof before the element.
        output = ristretto.VerifiableOutput.deserialize(proof + evaluated)
        key = ristretto.PublicKey.deserialize(meeting.groups[group])
        return Credential(group, drawn.nonce, drawn.client.finalize(output, key))
    except (KeyError, ValueError, MingceError) as error:
        raise NotCast("untrusted", "服务器的证明不成立，已停止投票。") from error


def seal_ballot(meeting: Meeting, credential: Credential, choices: Mapping[str, str]) -> Sealed:
    """The ballot as it goes over the wire. choices: cell id → choice, for every cell."""
    secret, iv = secrets.token_bytes(RECEIPT_BYTES), secrets.token_bytes(IV_BYTES)
    plain = write_marks(Mark(cell, choices[cell], tracker(secret, cell)) for cell in meeting.cells)
    sealed = seal(credential.output, meeting.code, credential.group, iv, plain)
    body = {
        "group": credential.group,
        "nonce": b64url(credential.nonce),
        "iv": b64url(iv),
        "sealed": b64url(sealed),
    }
    return Sealed(body, secret)


def send(door: Door, meeting: Meeting, ballot: Sealed) -> None:
    """Cast; returns once the server has said that the ballot is in the box."""
    if door.ask("POST", f"{meeting.code}/ballots", ballot.body) != {"accepted": True}:
        raise NotCast("untrusted", "服务器的答复看不懂。")


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise NotCast("untrusted", "服务器的答复看不懂，请检查 --base 是不是本系统的地址。")
    return value


def _refusal(status: int, content: bytes) -> NotCast:
    try:
        value = json.loads(content)
        return NotCast(str(value["error"]), str(value["message"]), status)
    except (ValueError, TypeError, KeyError):
        return NotCast("untrusted", f"服务器答复 {status}，不是本系统的格式。", status)
