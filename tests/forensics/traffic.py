"""What somebody does who records every byte between phones and server of a plain-http meeting.

`listen` records, `Capture` puts the bytes together again, and the attacks try to say of every
token on the wire what its voter chose, with the published box in hand.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import hashlib
import itertools
import json
import re
import socket
import struct
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import comb
from typing import Any, NamedTuple, Protocol

from app.domain.ballot import unseal
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import MingceError

Json = dict[str, Any]
Choices = Mapping[str, str]
"""Cell id → choice."""

SURE = 1e-9
"""How unlikely by chance a result must be before it counts: some hundred guesses are made."""

# Recording


class Chunk(NamedTuple):
    """Bytes that came together. order: their place among everything recorded."""

    order: int
    content: bytes


class Flow:
    """One connection: what the client sent, and what the server sent."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.sent: list[Chunk] = []
        self.received: list[Chunk] = []


class Listener(Protocol):
    """Somebody who records. base: the address that phones must use to be recorded."""

    base: str

    def capture(self) -> Capture:
        """Everything so far; what a client has got an answer to is in it."""

    def close(self) -> None:
        """Record no more."""


def listen(port: int) -> Listener:
    """Record the server on this port of the loopback device, as tcpdump would.

    Where that is not permitted, a relay in front of the server records the same bytes.
    """
    with suppress(OSError, AttributeError):
        return Sniffer(port)
    return Relay(port)


class Sniffer:
    """Packets of the loopback device, straight from the kernel. OSError without the right to it."""

    _IPV4 = 0x0800
    _OUTGOING = 4
    _BUFFER = 64 << 20
    _ATTACH_FILTER, _BUFFER_BY_FORCE, _STATISTICS = 26, 33, 6

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._port = port
        self._flows: list[_Packets] = []
        self._order = itertools.count()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        try:
            # The filter comes before the binding, so that nothing else ever gets in.
            self._only(port)
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._BUFFER)
                self._socket.setsockopt(socket.SOL_SOCKET, self._BUFFER_BY_FORCE, self._BUFFER)
            self._socket.bind(("lo", self._IPV4))
        except BaseException:
            self._socket.close()
            raise
        self._socket.setblocking(False)

    def capture(self) -> Capture:
        """Everything so far. RuntimeError where the kernel had to drop packets."""
        with suppress(BlockingIOError):
            while True:
                packet, origin = self._socket.recvfrom(1 << 18)
                # The loopback device shows each packet twice, on its way out and in.
                if origin[2] != self._OUTGOING:
                    self._take(packet)
        level = getattr(socket, "SOL_PACKET", 263)
        _, dropped = struct.unpack("II", self._socket.getsockopt(level, self._STATISTICS, 8))
        if dropped:
            raise RuntimeError(f"{dropped} packets are missing in the capture")
        return Capture([flow.put_together() for flow in self._flows])

    def close(self) -> None:
        """Record no more."""
        self._socket.close()

    def _take(self, packet: bytes) -> None:
        tcp = packet[(packet[0] & 15) * 4 :]
        source, target, number = struct.unpack_from("!HHI", tcp)
        begins = tcp[13] & 2
        content = tcp[(tcp[12] >> 4) * 4 :]
        sent = target == self._port
        client = source if sent else target
        if sent and begins:
            self._flows.append(_Packets(client))
        for flow in reversed(self._flows):
            if flow.port == client:
                if begins:
                    flow.start[sent] = number + 1
                elif content:
                    flow.parts[sent].append((number, next(self._order), content))
                return

    def _only(self, port: int) -> None:
        """A filter of the kernel's: TCP from or to this port."""
        program = (
            (0x30, 0, 0, 9),  # protocol
            (0x15, 0, 5, 6),  # is TCP, else reject
            (0xB1, 0, 0, 0),  # length of the IP header
            (0x48, 0, 0, 0),  # source port
            (0x15, 3, 0, port),  # accept
            (0x48, 0, 0, 2),  # target port
            (0x15, 1, 0, port),  # accept
            (0x06, 0, 0, 0),
            (0x06, 0, 0, 1 << 18),
        )
        code = b"".join(struct.pack("HBBI", *line) for line in program)
        kept = ctypes.create_string_buffer(code, len(code))
        pointer = struct.pack("HL", len(program), ctypes.addressof(kept))
        self._socket.setsockopt(socket.SOL_SOCKET, self._ATTACH_FILTER, pointer)


class _Packets:
    """The packets of one connection; each list for what the client sent (True) or got (False)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.start: dict[bool, int] = {}
        self.parts: dict[bool, list[tuple[int, int, bytes]]] = {True: [], False: []}

    def put_together(self) -> Flow:
        """In the order of TCP's numbers, each byte once. RuntimeError where one is missing."""
        flow = Flow(f"127.0.0.1:{self.port}")
        for sent, chunks in ((True, flow.sent), (False, flow.received)):
            start = self.start.get(sent, 0)
            there = 0
            places = [((n - start) % (1 << 32), order, c) for n, order, c in self.parts[sent]]
            for place, order, content in sorted(places):
                if place > there:
                    raise RuntimeError("bytes are missing in the capture")
                new = content[there - place :]
                if new:
                    chunks.append(Chunk(order, new))
                    there += len(new)
        return flow


class Relay:
    """Stands between phones and server and writes down what passes."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._flows: list[Flow] = []
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._door.getsockname()[1])
        self.base = f"http://127.0.0.1:{self.port}"
        self._start(self._accept)

    def capture(self) -> Capture:
        """Everything so far."""
        with self._lock:
            flows = []
            for flow in self._flows:
                copy = Flow(flow.client)
                copy.sent, copy.received = list(flow.sent), list(flow.received)
                flows.append(copy)
        return Capture(flows)

    def close(self) -> None:
        """Hang up on everybody."""
        for end in (self._door, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for end in (self._door, *self._ends):
            end.close()

    def _start(self, work: Callable[..., None], *values: object) -> None:
        thread = threading.Thread(target=work, args=values, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                phone, address = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._upstream))
                flow = Flow(f"{address[0]}:{address[1]}")
                with self._lock:
                    self._flows.append(flow)
                    self._ends += [phone, server]
                self._start(self._pump, phone, server, flow.sent)
                self._start(self._pump, server, phone, flow.received)

    def _pump(self, source: socket.socket, target: socket.socket, record: list[Chunk]) -> None:
        with suppress(OSError):
            while content := source.recv(1 << 16):
                # Written down first: whoever has the answer finds it in the capture.
                with self._lock:
                    record.append(Chunk(next(self._order), content))
                target.sendall(content)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


# Reading


class Exchange(NamedTuple):
    """One request and its answer. order: of the request's first byte; client: its address.

    answered: the status line and headers of the answer, without `Date`.
    """

    order: int
    client: str
    method: str
    path: str
    head: bytes
    body: bytes
    status: int
    answered: tuple[str, ...]
    content: bytes

    @property
    def posted(self) -> str:
        """`credentials`, `ballots` or whatever was posted; empty for a GET."""
        return self.path.rsplit("/", 1)[1] if self.method == "POST" else ""

    @property
    def wish(self) -> Json:
        """The request's JSON, or nothing."""
        return _object(self.body)

    @property
    def told(self) -> Json:
        """The answer's JSON, or nothing."""
        return _object(self.content)


class Capture:
    """All that was recorded. flows: every connection; exchanges: in the order of requests."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.flows = list(flows)
        self.exchanges = sorted(found for flow in flows for found in _exchanges(flow))

    def posts(self, kind: str) -> list[Exchange]:
        """Those that posted to …/`kind`."""
        return [exchange for exchange in self.exchanges if exchange.posted == kind]

    def everything(self) -> bytes:
        """All bytes of both directions, and what every base64 text among them stands for."""
        raw = b"\n".join(
            b"".join(chunk.content for chunk in side)
            for flow in self.flows
            for side in (flow.sent, flow.received)
        )
        return raw + b"\n" + b"\n".join(_decoded(raw))

    def sent(self) -> bytes:
        """What phones sent and what was answered to a POST: all but what everybody is told."""
        parts = [part for e in self.exchanges for part in (e.head, e.body)]
        parts += [exchange.content for exchange in self.exchanges if exchange.posted]
        raw = b"\n".join(parts)
        return raw + b"\n" + b"\n".join(_decoded(raw))


def spellings(secret: bytes) -> tuple[bytes, ...]:
    """The ways in which a value may stand in a capture."""
    texts = (secret.hex(), b64url(secret), base64.b64encode(secret).decode().rstrip("="))
    return (secret, *(text.encode() for text in texts))


_BASE64 = re.compile(rb"[A-Za-z0-9_-]{12,}")


def _decoded(raw: bytes) -> Iterator[bytes]:
    for text in set(_BASE64.findall(raw)):
        with suppress(binascii.Error):
            yield base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _exchanges(flow: Flow) -> Iterator[Exchange]:
    sent, received = _Reader(flow.sent), _Reader(flow.received)
    while not sent.at_end:
        order = sent.order
        head = sent.until(b"\r\n\r\n")
        method, path = head.decode("latin-1").split(" ")[:2]
        body = sent.body(head, empty=True)
        answer = received.until(b"\r\n\r\n")
        lines = answer.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        content = received.body(answer, empty=method == "HEAD" or status in (204, 304))
        answered = tuple(line for line in lines if line and not line.lower().startswith("date:"))
        yield Exchange(order, flow.client, method, path, head, body, status, answered, content)


class _Reader:
    """Reads one direction of a connection as HTTP/1.1."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        self._content = b"".join(chunk.content for chunk in chunks)
        self._at = 0

    @property
    def at_end(self) -> bool:
        """Whether everything is read."""
        return self._at >= len(self._content)

    @property
    def order(self) -> int:
        """Of the chunk that holds the next byte."""
        end = 0
        for chunk in self._chunks:
            end += len(chunk.content)
            if end > self._at:
                return chunk.order
        raise EOFError

    def until(self, mark: bytes) -> bytes:
        """Everything up to and with `mark`, or the rest."""
        place = self._content.find(mark, self._at)
        return self._next(len(self._content) if place < 0 else place + len(mark))

    def body(self, head: bytes, empty: bool) -> bytes:
        """What follows a head. empty: nothing does where the head names no length."""
        fields = dict(
            line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
        )
        if fields.get(b"transfer-encoding") == b"chunked":
            return b"".join(self._pieces())
        if b"content-length" in fields:
            return self._next(self._at + int(fields[b"content-length"]))
        return b"" if empty else self._next(len(self._content))

    def _pieces(self) -> Iterator[bytes]:
        while length := int(self.until(b"\r\n") or b"0", 16):
            yield self._next(self._at + length)
            self.until(b"\r\n")
        self.until(b"\r\n")

    def _next(self, end: int) -> bytes:
        start, self._at = self._at, end
        return self._content[start:end]


def _object(content: bytes) -> Json:
    with suppress(ValueError):
        value = json.loads(content)
        if isinstance(value, dict):
            return value
    return {}


# Attacking


class Voter(NamedTuple):
    """Ground truth of one voter: used to count what was guessed right, and for nothing else.

    secret: of the receipt, 10 bytes.
    """

    token: str
    choices: Choices
    secret: bytes


class Sight(NamedTuple):
    """All that the wire shows of one voter: `redeemed` carries the token, `cast` the ballots."""

    redeemed: Exchange
    cast: list[Exchange]

    def sent(self) -> bytes:
        """What this phone sent, and what base64 in it stands for."""
        raw = b"\n".join(part for e in (self.redeemed, *self.cast) for part in (e.head, e.body))
        return raw + b"\n" + b"\n".join(_decoded(raw))


class Finding(NamedTuple):
    """How well an attack did. linked: marks of tokens guessed right, of so many; chance: how many
    somebody guesses right who knows the published result only; bound: what chance exceeds less
    often than once in a thousand million tries. A finding above the bound is a leak.
    """

    attack: str
    linked: int
    of: int
    chance: float
    bound: int

    @property
    def is_a_leak(self) -> bool:
        """Whether the attack did better than chance can explain."""
        return self.linked > self.bound


Guess = Mapping[str, Choices]
"""Token → cell id → choice; cells and tokens without a guess may be missing."""


def attack_capture(capture: Capture, truth: Sequence[Voter], box: Json) -> Finding:
    """The best of all attacks that join the tokens in a capture with choices.

    capture: the traffic of the meeting, as recorded by `listen`. truth: every voter, for counting;
    choices ought to be drawn by dice, so that chance is what it is taken for. box: the answer of
    `GET …/box`, which everybody may have. Which phone, and so which token, sent which sealed
    ballot is plain to see on the wire and taken as known; the question is what is in it.
    """
    return max(findings(capture, truth, box), key=lambda finding: -_tail(*finding[1:4]))


def findings(capture: Capture, truth: Sequence[Voter], box: Json) -> Iterator[Finding]:
    """Every attack's success in all cells together, and in each cell alone."""
    seen = sights(capture)
    attacks = (by_words, by_trackers, by_keys_on_the_wire, by_length, by_order)
    marks = _marks(seen, truth, box)
    cells = sorted({cell for _, cell in marks})
    for name, guess in itertools.chain.from_iterable(attack(seen, box) for attack in attacks):
        yield _finding(name, guess, marks)
        for one in cells:
            alone = {place: mark for place, mark in marks.items() if place[1] == one}
            yield _finding(f"{name}, {one}", guess, alone)


def sights(capture: Capture) -> dict[str, Sight]:
    """Token → what came from its phone: on the same connection, else the next ballot after it."""
    redeemed = [e for e in capture.posts("credentials") if "token" in e.wish and e.status == 200]
    found = {e.wish["token"]: Sight(e, []) for e in redeemed}
    for ballot in capture.exchanges:
        if not ballot.posted or ballot.posted == "credentials":
            continue
        before = [e for e in redeemed if e.order < ballot.order]
        near = [e for e in before if e.client == ballot.client] or before
        if near:
            found[near[-1].wish["token"]].cast.append(ballot)
    return found


def by_words(seen: Mapping[str, Sight], box: Json) -> Iterator[tuple[str, Guess]]:
    """A choice that stands behind its cell in what a phone sent."""
    choices: dict[str, set[str]] = defaultdict(set)
    for entry in box["lists"]:
        choices[entry["cell"]].update(choice for _, choice in entry["marks"])
    guess: dict[str, dict[str, str]] = {}
    for token, sight in seen.items():
        sent = sight.sent()
        for cell, known in choices.items():
            words = b"|".join(re.escape(choice.encode()) for choice in sorted(known))
            found = re.search(re.escape(cell.encode()) + rb"[^a-z]{1,12}(" + words + rb")", sent)
            if found:
                guess.setdefault(token, {})[cell] = found[1].decode()
    yield "words", guess


def by_trackers(seen: Mapping[str, Sight], box: Json) -> Iterator[tuple[str, Guess]]:
    """A tracker of the published box among the bytes that a phone sent."""
    guess: dict[str, dict[str, str]] = {}
    sent = {token: sight.sent() for token, sight in seen.items()}
    for entry in box["lists"]:
        for text, choice in entry["marks"]:
            known = spellings(from_b64url(text))
            for token, content in sent.items():
                if any(spelling in content for spelling in known):
                    guess.setdefault(token, {})[entry["cell"]] = choice
    yield "trackers", guess


def by_keys_on_the_wire(seen: Mapping[str, Sight], box: Json) -> Iterator[tuple[str, Guess]]:
    """A sealed ballot opened with any value, or any two, that passed between phone and server."""
    guess: dict[str, dict[str, str]] = {}
    for token, sight in seen.items():
        for ballot in sight.cast:
            for content in _opened(sight, ballot):
                guess.setdefault(token, {}).update(
                    {cell: choice for cell, choice, _ in _object(content).get("cells", [])}
                )
    yield "keys", guess


def by_length(seen: Mapping[str, Sight], box: Json) -> Iterator[tuple[str, Guess]]:
    """Longer and shorter ballots, with every idea of which choice makes them so."""
    for place in range(max((len(sight.cast) for sight in seen.values()), default=0)):
        cast = {token: s.cast[place] for token, s in seen.items() if len(s.cast) > place}
        for name, length in LENGTHS.items():
            lengths = {token: length(ballot) for token, ballot in cast.items()}
            if len(set(lengths.values())) > 1:
                yield from _by_lengths(f"length of the {name}", lengths, seen, box)


def by_order(seen: Mapping[str, Sight], box: Json) -> Iterator[tuple[str, Guess]]:
    """Anything by which voters can be put in order, held against the order of the lists."""
    for name, value in ORDERS.items():
        ordered = sorted(
            (token for token, sight in seen.items() if sight.cast),
            key=lambda token: value(seen[token]),
        )
        for tokens in (ordered, ordered[::-1]):
            guess: dict[str, dict[str, str]] = {}
            for entry, voters in _lists(tokens, seen, box):
                for token, (_, choice) in zip(voters, entry["marks"], strict=False):
                    guess.setdefault(token, {})[entry["cell"]] = choice
            yield f"order of {name}", guess


def _value(request: str, side: str, name: str) -> Callable[[Sight], str]:
    """A value of a request or of its answer, as its text stands on the wire."""

    def value(sight: Sight) -> str:
        exchange = sight.redeemed if request == "redeemed" else sight.cast[-1]
        return str((exchange.wish if side == "wish" else exchange.told).get(name))

    return value


LENGTHS: dict[str, Callable[[Exchange], int]] = {
    "sealed ballot": lambda e: len(str(e.wish.get("sealed", ""))),
    "request": lambda e: len(e.head) + len(e.body),
    "answer": lambda e: len("".join(e.answered)) + len(e.content),
}

ORDERS: dict[str, Callable[[Sight], Any]] = {
    "slips": lambda s: s.redeemed.order,
    "ballots": lambda s: s.cast[-1].order,
    "thinking": lambda s: s.cast[-1].order - s.redeemed.order,
    "addresses": lambda s: s.redeemed.client,
    **{name: _value("redeemed", "wish", name) for name in ("token", "blinded")},
    **{name: _value("redeemed", "told", name) for name in ("evaluated", "proof")},
    **{name: _value("cast", "wish", name) for name in ("nonce", "iv", "sealed")},
    "tags": lambda s: str(s.cast[-1].wish.get("sealed"))[-22:],
}


def _lists(
    tokens: Sequence[str], seen: Mapping[str, Sight], box: Json
) -> Iterator[tuple[Json, list[str]]]:
    """Each list of the box with the tokens whose marks are in it; their group is on the wire."""
    alone = {entry["group"] for entry in box["lists"]}
    groups: dict[str, list[str]] = defaultdict(list)
    for token in tokens:
        group = str(seen[token].redeemed.told.get("group"))
        groups[group if group in alone else "*"].append(token)
    for entry in box["lists"]:
        yield entry, groups[entry["group"]]


def _by_lengths(
    name: str, lengths: Mapping[str, int], seen: Mapping[str, Sight], box: Json
) -> Iterator[tuple[str, Guess]]:
    tokens = sorted(lengths, key=lambda token: lengths[token])
    for turn in itertools.permutations(
        range(len({c for e in box["lists"] for _, c in e["marks"]}))
    ):
        guess: dict[str, dict[str, str]] = {}
        for entry, voters in _lists(tokens, seen, box):
            totals = Counter(choice for _, choice in entry["marks"])
            rank = dict(zip(sorted(totals), turn, strict=False))
            laid = sorted(totals.elements(), key=lambda choice: rank[choice])
            for token, choice in zip(voters, laid, strict=False):
                guess.setdefault(token, {})[entry["cell"]] = choice
        yield name, guess


def _opened(sight: Sight, ballot: Exchange) -> Iterator[bytes]:
    wish = ballot.wish
    try:
        iv, sealed = from_b64url(wish["iv"]), from_b64url(wish["sealed"])
    except (KeyError, MingceError):
        return
    code = ballot.path.split("/")[4]
    for key in _keys(sight):
        with suppress(MingceError, ValueError):
            yield unseal(key, code, str(wish.get("group")), iv, sealed)


def _keys(sight: Sight) -> Iterator[bytes]:
    """Every value on this phone's wire, every two of them, and N as if nothing had been blinded."""
    objects = [part for e in (sight.redeemed, *sight.cast) for part in (e.wish, e.told)]
    texts = {text for o in objects for text in o.values() if isinstance(text, str)}
    values = {text.encode() for text in texts if len(text) < 200}
    for text in texts:
        with suppress(MingceError, ValueError):
            values.add(from_b64url(text))
    values = {value for value in values if len(value) <= 64}
    yield from values
    for one, other in itertools.permutations(values, 2):
        yield one + other
        lengths = (len(one).to_bytes(2), len(other).to_bytes(2))
        yield hashlib.sha512(lengths[0] + one + lengths[1] + other + b"Finalize").digest()


def _finding(attack: str, guess: Guess, marks: Mapping[tuple[str, str], _Mark]) -> Finding:
    right = sum(
        guess.get(token, {}).get(cell) == mark.choice for (token, cell), mark in marks.items()
    )
    chance = sum(mark.share for mark in marks.values())
    bound = next(n for n in range(len(marks) + 1) if _tail(n + 1, len(marks), chance) < SURE)
    return Finding(attack, right, len(marks), chance, bound)


class _Mark(NamedTuple):
    """A mark as it was made. share: of this choice among the marks of its published list."""

    choice: str
    share: float


def _marks(
    seen: Mapping[str, Sight], truth: Sequence[Voter], box: Json
) -> dict[tuple[str, str], _Mark]:
    """(token, cell) → the mark."""
    lists: dict[tuple[str, str], Counter[str]] = {}
    for entry, voters in _lists(list(seen), seen, box):
        for token in voters:
            lists[token, entry["cell"]] = Counter(choice for _, choice in entry["marks"])
    found = {}
    for voter in truth:
        for cell, choice in voter.choices.items():
            totals = lists[voter.token, cell]
            found[voter.token, cell] = _Mark(choice, totals[choice] / totals.total())
    return found


def _tail(linked: int, of: int, chance: float) -> float:
    """How often dice guess so many marks or more right."""
    share = chance / of
    return sum(
        comb(of, n) * share**n * (1 - share) ** (of - n) for n in range(min(linked, of + 1), of + 1)
    )
