"""Numbers for operators, of all workers of one server together, at `GET /metrics`.

They lie in anonymous memory that the workers share, and in no file: times and contents of files
would tell somebody who copies the disk when a vote came in. They name no person, slip, choice,
address or meeting. What voters did is told in full tens only, so that who keeps each answer keeps
no list of the moments of single votes.
"""

from __future__ import annotations

import hmac
import mmap
import os
import time
from _thread import allocate_lock
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from app.domain.errors import MingceError, NotFound

KINDS = ("bind_slips", "put_ballots", "other")
"""What is committed in company, by the name of the function that does it."""

STEP = 10
"""What voters did is told in multiples of this."""

ENDPOINTS = (
    *("voting.meeting", "voting.credentials", "voting.ballots", "voting.live", "voting.events"),
    *("voting.box", "voting.phone", "voting.receipt", "voting.screen", "voting.screen_meeting"),
    *("voting.screen_events", "voting", "admin", "other"),
)
"""Labels of requests; what is not named here counts with its door."""

STREAMS = ("voting.events", "voting.screen_events")
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 250.0)
MEMORY_EVERY_S = 15.0
WORKERS_MOST = 256
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP")


def _codes() -> tuple[str, ...]:
    kinds, codes = [MingceError], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        codes.add(kind.code)
    return (*sorted(codes), "other")


REFUSALS = _codes()

_PLACES: dict[tuple[str, ...], int] = {}


def _place(*names: Iterable[str]) -> None:
    """A place in each row for every combination of names."""
    combinations: list[tuple[str, ...]] = [()]
    for choices in names:
        combinations = [(*before, name) for before in combinations for name in choices]
    for combination in combinations:
        _PLACES.setdefault(combination, len(_PLACES))


def _limits(limits: Sequence[float]) -> list[str]:
    return [*map(str, limits), "+Inf"]


_place(["pid"])
_place(["memory"])
_place(["streams"])
_place(["waiting"], KINDS)
_GAUGES = len(_PLACES)
"""Places before this one say how things stand; those after it only ever grow."""
_place(["starts"])
_place(["database_errors"])
_place(["requests"], ENDPOINTS, STATUSES)
_place(["seconds"], ENDPOINTS, _limits(SECONDS))
_place(["refusals"], REFUSALS)
_place(["batches"], KINDS, _limits(SIZES))
_place(["batched"], KINDS)
_place(["failed_batches"], KINDS)
_place(["commits"], KINDS, _limits(SECONDS))

_WIDTH = len(_PLACES)
_ROWS = WORKERS_MOST + 1
# Shared with all processes that are forked after this module was imported. The first row is for a
# process that serves alone.
_board = memoryview(mmap.mmap(-1, _ROWS * _WIDTH * 8)).cast("d")
_lock = allocate_lock()
_answers: dict[tuple[str | None, int], tuple[int, int]] = {}
"""Endpoint and first digit of the status → places of its counter and of its first bucket."""
BEGAN = "mingce.began"


class _Mine:
    """This process's row, and when it last measured its memory."""

    start = 0
    measured = float("-inf")


_taken: dict[int, int] = {}
"""In the process that starts workers: their numbers (as it counts them) and their rows."""


def reserve_row(worker: int) -> None:
    """Before a worker is forked: set a row aside for it, that of one that has ended if it can."""
    free = set(range(1, _ROWS)) - set(_taken.values())
    _taken[worker] = min(free, default=0)


def take_row(worker: int) -> None:
    """In a worker that was just forked: count in its row from now on, after what stands there."""
    _Mine.start = _taken.get(worker, 0) * _WIDTH
    _mine_is_new()


def free_row(worker: int) -> None:
    """After a worker has ended: what it counted stays, what it held is gone."""
    row = _taken.pop(worker, 0) * _WIDTH
    _board[row : row + _GAUGES] = memoryview(bytes(_GAUGES * 8)).cast("d")


def observe_batch(kind: str, size: int, seconds: float) -> None:
    """One durable commit of so many slips or ballots, which took so long. From any thread."""
    kind = _kind(kind)
    _add("batches", kind, _bucket(size, SIZES))
    _add("batched", kind, by=size)
    _add("commits", kind, _bucket(seconds, SECONDS))


def count_failed_batch(kind: str) -> None:
    """A commit that failed, whatever became of those in it."""
    _add("failed_batches", _kind(kind))


def add_waiting(kind: str, change: int) -> None:
    """So many more (or fewer) slips or ballots stand in line in this process."""
    _add("waiting", _kind(kind), by=change)


def count_refusal(code: str) -> None:
    """A request was refused with this code."""
    _add("refusals", code if ("refusals", code) in _PLACES else "other")


def count_database_error() -> None:
    """A request met a database that does not answer."""
    _add("database_errors")


def count_answer(endpoint: str | None, status: int, began: float | None) -> None:
    """A request was answered. began: when, by time.perf_counter; None of one that goes on."""
    now = time.perf_counter()
    kind = endpoint, status // 100
    if kind not in _answers:
        label = _label(endpoint)
        _answers[kind] = _PLACES["requests", label, f"{kind[1]}xx"], _first_bucket(label)
    requests, seconds = _answers[kind]
    start = _Mine.start
    bucket = 0 if began is None else bisect_left(SECONDS, now - began)
    with _lock:
        _board[start + requests] += 1
        if began is not None and seconds:
            _board[start + seconds + bucket] += 1
    if now - _Mine.measured > MEMORY_EVERY_S:
        _measure_memory(now)


def use_metrics(app: Flask, token: str) -> None:
    """Count this application's requests, and answer `GET /metrics`.

    token: who shows it may read from anywhere; without it (or where it is empty) only this
    machine may, directly and not through a proxy. Everybody else is told that there is no such
    page.
    """
    _mine_is_new()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Board())

    @app.before_request
    def _begin() -> None:
        request.environ.setdefault(BEGAN, time.perf_counter())

    @app.after_request
    def _count(response: Response) -> Response:
        asked = request._get_current_object()  # type: ignore[attr-defined]  # it is a proxy
        stream = asked.endpoint in STREAMS and response.status_code // 100 == 2
        if stream:
            _add("streams")
            response.call_on_close(lambda: _add("streams", by=-1))
        count_answer(
            asked.endpoint, response.status_code, None if stream else asked.environ.get(BEGAN)
        )
        return response

    @app.get("/metrics")
    def metrics() -> Response:
        if not (_shows(token) or _is_local()):
            raise NotFound
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _shows(token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_local() -> bool:
    """Asked by this machine, under a name of its own and by no proxy that stands on it."""
    return (
        _is_loopback(request.remote_addr or "")
        and _is_loopback(_host())
        and not any(name in request.headers for name in PROXY_HEADERS)
    )


def _host() -> str:
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _label(endpoint: str | None) -> str:
    if endpoint in ENDPOINTS:
        return endpoint
    door = (endpoint or "").partition(".")[0]
    return door if door in ENDPOINTS else "other"


def _first_bucket(label: str) -> int:
    """The place of the lowest bucket of an endpoint's seconds; the others follow it."""
    return _PLACES["seconds", label, str(SECONDS[0])]


def _kind(name: str) -> str:
    return name if name in KINDS else "other"


def _bucket(value: float, limits: Sequence[float]) -> str:
    return next((str(limit) for limit in limits if value <= limit), "+Inf")


def _add(*name: str, by: float = 1) -> None:
    place = _Mine.start + _PLACES[name]
    # Of the system's own: what stands in a batch may be counted in a native thread.
    with _lock:
        _board[place] += by


def _set(name: str, value: float) -> None:
    _board[_Mine.start + _PLACES[(name,)]] = value


def _mine_is_new() -> None:
    if _board[_Mine.start] != os.getpid():
        _board[_Mine.start : _Mine.start + _GAUGES] = memoryview(bytes(_GAUGES * 8)).cast("d")
        _set("pid", os.getpid())
        _add("starts")


def _measure_memory(now: float) -> None:
    _Mine.measured = now
    # Others' are not to be read under hidepid, so each process measures its own.
    # A number that is missing must not cost anybody an answer.
    with suppress(OSError), open("/proc/self/statm", "rb") as file:
        _set("memory", int(file.read().split()[1]) * mmap.PAGESIZE)


class _Board(Collector):
    """Sums up the rows of all workers."""

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        rows = [_board[start : start + _WIDTH] for start in range(0, _ROWS * _WIDTH, _WIDTH)]
        used = [row for row in rows if row[_PLACES[("starts",)]]]
        total = {name: sum(row[place] for row in used) for name, place in _PLACES.items()}
        yield from _states(used, total)
        yield from _requests(total)
        yield from _batches(total)


_Total = dict[tuple[str, ...], float]


def _states(used: Sequence[memoryview[float]], total: _Total) -> Iterator[Metric]:
    running = sum(1 for row in used if row[_PLACES[("pid",)]])
    yield GaugeMetricFamily("mingce_workers", "Processes that serve.", running)
    yield CounterMetricFamily("mingce_worker_starts", "Processes started.", total["starts",])
    memory = total["memory",]
    yield GaugeMetricFamily("mingce_resident_bytes", "Memory of all workers.", memory)
    streams = total["streams",]
    yield GaugeMetricFamily("mingce_event_streams", "Open event streams.", streams)
    waiting = GaugeMetricFamily("mingce_waiting", "Standing in line for a commit.", labels=["kind"])
    for kind in KINDS:
        waiting.add_metric([kind], total["waiting", kind])
    yield waiting
    errors = total["database_errors",]
    yield CounterMetricFamily("mingce_database_errors", "Requests without a database.", errors)


def _requests(total: _Total) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "mingce_requests", "Answers; the voters' in full tens.", labels=["endpoint", "status"]
    )
    seconds = HistogramMetricFamily(
        "mingce_request_seconds",
        "Seconds to an answer; the voters' in full tens.",
        labels=["endpoint"],
    )
    for endpoint in ENDPOINTS:
        of_voters = endpoint.startswith("voting")
        for status in STATUSES:
            number = total["requests", endpoint, status]
            if number:
                well = of_voters and status < "4xx"
                requests.add_metric([endpoint, status], _tens(number) if well else number)
        name = ("seconds", endpoint)
        seconds.add_metric([endpoint], _buckets(total, name, SECONDS, tens=of_voters), None)
    yield requests
    yield seconds
    refusals = CounterMetricFamily("mingce_refusals", "Refused requests.", labels=["code"])
    for code in REFUSALS:
        refusals.add_metric([code], total["refusals", code])
    yield refusals


def _batches(total: _Total) -> Iterator[Metric]:
    sizes = HistogramMetricFamily(
        "mingce_batch_size", "How many stood in one commit; in full tens.", labels=["kind"]
    )
    seconds = HistogramMetricFamily(
        "mingce_commit_seconds", "Seconds to be durable; in full tens.", labels=["kind"]
    )
    batched = CounterMetricFamily(
        "mingce_committed", "Slips and ballots committed; in full tens.", labels=["kind"]
    )
    failed = CounterMetricFamily("mingce_failed_batches", "Commits that failed.", labels=["kind"])
    for kind in KINDS:
        sizes.add_metric([kind], _buckets(total, ("batches", kind), SIZES, tens=True), None)
        seconds.add_metric([kind], _buckets(total, ("commits", kind), SECONDS, tens=True), None)
        batched.add_metric([kind], _tens(total["batched", kind]))
        failed.add_metric([kind], total["failed_batches", kind])
    yield from (sizes, seconds, batched, failed)


def _buckets(
    total: _Total, name: tuple[str, ...], limits: Sequence[float], tens: bool
) -> list[tuple[str, float] | tuple[str, float, Exemplar]]:
    """Limit and how many lie below it, as Prometheus wants them."""
    below = 0.0
    buckets: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
    for limit in _limits(limits):
        below += total[(*name, limit)]
        buckets.append((limit, _tens(below) if tens else below))
    return buckets


def _tens(number: float) -> float:
    return number // STEP * STEP
