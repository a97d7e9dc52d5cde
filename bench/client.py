"""A cheap HTTP client: one thread, requests made before the clock starts, kept-open connections."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Request = tuple[str, bytes]
"""Its kind, and all its bytes."""

Job = Sequence[Request]
"""Requests that follow each other on one connection, such as those of one voter."""

SILENCE_SECONDS = 60.0
CHUNK = 65_536


def post(path: str, body: bytes) -> bytes:
    """The bytes of a POST of JSON."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str) -> bytes:
    """The bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


class Answer(NamedTuple):
    """One answered request. status: 0 where the connection broke."""

    kind: str
    status: int
    seconds: float
    at: float


class Run(NamedTuple):
    """What became of all jobs. seconds: from the first request to the last answer."""

    answers: list[Answer]
    seconds: float

    @property
    def errors(self) -> dict[str, int]:
        """Kind and status → number, of all that was not 2xx."""
        return dict(Counter(f"{a.kind} {a.status}" for a in self.answers if a.status // 100 != 2))

    def accepted(self, kind: str) -> int:
        """How many of a kind were answered with 2xx."""
        return sum(a.kind == kind and a.status // 100 == 2 for a in self.answers)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of all requests was answered."""
        return percentile([a.seconds for a in self.answers], share)


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of all values does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Watchers:
    """Open event streams. frames: of each stream, the moments of arrival and what arrived."""

    def __init__(self, port: int, path: str, number: int) -> None:
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self.frames: dict[int, list[tuple[float, bytes]]] = {}
        for _ in range(number):
            connection = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
            connection.sendall(get(path))
            connection.setblocking(False)
            self._sockets[connection.fileno()] = connection
            self.frames[connection.fileno()] = []
            self._epoll.register(connection, select.EPOLLIN)

    def fileno(self) -> int:
        """For a selector: something has arrived."""
        return self._epoll.fileno()

    def take(self, timeout: float = 0.0) -> None:
        """Note what has arrived."""
        for number, _ in self._epoll.poll(timeout):
            content = self._sockets[number].recv(CHUNK)
            if content:
                self.frames[number].append((time.perf_counter(), content))
            else:
                self._epoll.unregister(number)

    def wait_for(self, frames: int, patience: float) -> None:
        """Until every stream has had so many arrivals, or patience ends."""
        deadline = time.perf_counter() + patience
        while time.perf_counter() < deadline:
            self.take(0.05)
            if all(len(found) >= frames for found in self.frames.values()):
                return

    def listen(self, seconds: float) -> None:
        """Note what arrives in this time."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self.take(left)

    def close(self) -> None:
        """End all streams."""
        for connection in self._sockets.values():
            connection.close()
        self._epoll.close()


class _Phone:
    __slots__ = ("began", "job", "kind", "received", "socket", "step")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.job: Job = ()
        self.step = 0
        self.kind = ""
        self.began = 0.0
        self.received = b""

    def send_next(self, waiting: deque[Job]) -> bool:
        """Send the next request of the job or of the next job; False where there is none."""
        if self.step == len(self.job):
            if not waiting:
                return False
            self.job, self.step = waiting.popleft(), 0
        self.kind, content = self.job[self.step]
        self.step += 1
        self.received = b""
        self.began = time.perf_counter()
        self.socket.sendall(content)
        return True

    def status(self) -> int | None:
        """Of a whole answer; None while some of it is missing, 0 where the connection broke."""
        try:
            content = self.socket.recv(CHUNK)
        except OSError:
            return 0
        if not content:
            return 0
        self.received += content
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return int(head[9:12]) if len(body) >= int(length) else None


def drive(
    port: int, jobs: Iterable[Job], connections: int, watchers: Watchers | None = None
) -> Run:
    """Do all jobs, on so many connections at a time. A job whose connection breaks ends there."""
    waiting = deque(jobs)
    phones = {p.socket.fileno(): p for p in (_Phone(port) for _ in range(connections))}
    epoll = select.epoll()
    if watchers is not None:
        epoll.register(watchers, select.EPOLLIN)
    answers: list[Answer] = []
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    try:
        _converse(epoll, phones, waiting, answers, watchers)
        return Run(answers, time.perf_counter() - started)
    finally:
        gc.enable()
        epoll.close()
        for phone in phones.values():
            phone.socket.close()


def _converse(
    epoll: select.epoll,
    phones: dict[int, _Phone],
    waiting: deque[Job],
    answers: list[Answer],
    watchers: Watchers | None,
) -> None:
    busy = 0
    for number, phone in phones.items():
        epoll.register(number, select.EPOLLIN)
        busy += phone.send_next(waiting)
    while busy:
        ready = epoll.poll(SILENCE_SECONDS)
        if not ready:
            raise TimeoutError("the server does not answer any more")
        for number, _ in ready:
            if number not in phones:
                if watchers is not None:
                    watchers.take()
                continue
            phone = phones[number]
            status = phone.status()
            if status is None:
                continue
            now = time.perf_counter()
            answers.append(Answer(phone.kind, status, now - phone.began, now))
            if not status:
                epoll.unregister(number)
                phone.socket.close()
                busy -= 1
            elif not phone.send_next(waiting):
                busy -= 1
