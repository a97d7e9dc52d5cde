"""The numbers for operators: right for all workers together, for nobody else, of nobody."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import metrics
from app.config import Config, ConfigError
from app.factory import create_app
from tests.phones import PATIENCE, Phone
from tests.serving import Server

TOKEN = "a token for the one who watches"


def read(text: str) -> dict[str, float]:
    """`name{label="value",…}` → value."""
    return {
        f"{sample.name}{json.dumps(sample.labels, sort_keys=True)}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(server: Server) -> str:
    with urllib.request.urlopen(f"{server.base}/metrics", timeout=60) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def requests_of(endpoint: str, status: str, numbers: dict[str, float]) -> float:
    labels = json.dumps({"endpoint": endpoint, "status": status}, sort_keys=True)
    return numbers.get(f"mingce_requests_total{labels}", 0)


def test_all_workers_count_together_and_a_crash_takes_nothing_away(server: Server) -> None:
    for _ in range(30):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.base}/api/v1/meetings/NONE", timeout=60)  # noqa: S310 - loopback
        refused.value.close()
    numbers = read(scrape(server))
    assert requests_of("voting.meeting", "4xx", numbers) == 30
    assert numbers['mingce_refusals_total{"code": "meeting_unknown"}'] == 30
    assert numbers["mingce_workers{}"] == 2
    assert numbers["mingce_resident_bytes{}"] > 1024 * 1024
    for worker in server.processes()[1:]:
        os.kill(worker, signal.SIGKILL)
    numbers = _when(server, lambda found: found["mingce_worker_starts_total{}"] >= 4)
    assert requests_of("voting.meeting", "4xx", numbers) == 30
    assert numbers["mingce_workers{}"] == 2


def test_open_streams_are_counted_until_they_end(server: Server) -> None:
    words = ("--scheme", "huaixiang-2012", "--subjects", "1", "--slips", "5", "--json")
    meeting = json.loads(server.flask("demo", *words))["meeting"]
    url = f"{server.base}/api/v1/meetings/{meeting}/events"
    streams = [urllib.request.urlopen(url, timeout=60) for _ in range(5)]  # noqa: S310 - loopback
    assert _when(server, lambda found: found["mingce_event_streams{}"] == 5)
    for stream in streams:
        stream.close()
    # A worker learns that nobody listens any more when it has something to say.
    for worker in server.processes()[1:]:
        os.kill(worker, signal.SIGKILL)
    assert _when(server, lambda found: found["mingce_event_streams{}"] == 0)


def test_the_numbers_tell_of_votes_in_full_tens_and_name_nobody(
    server: Server, tmp_path: Path
) -> None:
    words = ("--scheme", "awu-villages-2012", "--subjects", "2", "--slips", "12", "--json")
    slips = json.loads(server.flask("demo", *words))["slips"]
    before = {path: path.read_bytes() for path in (server.data / "logs").iterdir()}
    files = set(server.data.rglob("*"))
    scrapes, phones = [], []
    for slip in slips:
        with closing(Phone(server.base, slip)) as phone:
            phone.vote()
        phones.append(phone)
        scrapes.append(scrape(server))
    told = [requests_of("voting.ballots", "2xx", read(text)) for text in scrapes]
    assert told == [0] * 9 + [10] * 3
    for kind in ("bind_slips", "put_ballots"):
        assert read(scrapes[-1])[f'mingce_committed_total{{"kind": "{kind}"}}'] == 10
    kept = tmp_path / "scrapes"
    kept.write_text("".join(scrapes))
    assert [trace for phone in phones for trace in phone.traces_in([kept])] == []
    # Whoever keeps all answers sees a vote move no number but those of the house.
    quiet = [
        {name: value for name, value in read(text).items() if not _is_of_the_house(name)}
        for text in scrapes[:9]
    ]
    assert all(numbers == quiet[0] for numbers in quiet)
    assert {path: path.read_bytes() for path in before} == before
    names = {path.name for path in set(server.data.rglob("*")) - files}
    assert all(".sqlite-" in name for name in names), names


def _is_of_the_house(name: str) -> bool:
    return '"other"' in name or name.startswith(("mingce_resident_bytes", "mingce_waiting"))


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.168.1.77", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.168.1.77"}),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}),
        ("127.0.0.1", {"Host": "ceping.example.cn"}),
        ("127.0.0.1", {"Host": "[::"}),
        ("192.168.1.77", {"Authorization": "Bearer "}),
        ("192.168.1.77", {"Authorization": f"Bearer {TOKEN}"}),
        ("192.168.1.77", {"Authorization": "Bearer 口令"}),
    ],
)
def test_for_strangers_there_is_no_such_page(
    client: FlaskClient, peer: str, headers: dict[str, str]
) -> None:
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code in (400, 404)
    assert "mingce_" not in answer.get_data(as_text=True)


def test_who_shows_the_token_may_read_from_anywhere(data_dir: Path) -> None:
    environ = {"MINGCE_DATA": str(data_dir), "MINGCE_METRICS_TOKEN": TOKEN}
    client = create_app(Config.from_env(environ)).test_client()
    stranger = {"REMOTE_ADDR": "192.168.1.77"}
    for given, status in ((TOKEN, 200), (TOKEN[:-1], 404), ("", 404)):
        headers = {"Authorization": f"Bearer {given}"}
        answer = client.get("/metrics", headers=headers, environ_base=stranger)
        assert answer.status_code == status, given
    assert client.get("/metrics").status_code == 200
    with pytest.raises(ConfigError, match="MINGCE_METRICS_TOKEN"):
        Config.from_env({**environ, "MINGCE_METRICS_TOKEN": "short"})


def test_a_secret_may_stand_in_a_file(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    environ = {"MINGCE_DATA": str(data_dir), "MINGCE_METRICS_TOKEN_FILE": str(file)}
    assert Config.from_env(environ).metrics_token == TOKEN
    with pytest.raises(ConfigError, match="MINGCE_METRICS_TOKEN_FILE"):
        Config.from_env({**environ, "MINGCE_METRICS_TOKEN_FILE": str(tmp_path / "none")})


def test_batches_are_counted_with_their_sizes_and_times(client: FlaskClient) -> None:
    before = read(client.get("/metrics").get_data(as_text=True))
    for _ in range(20):
        metrics.observe_batch("put_ballots", 7, 0.03)
    metrics.count_failed_batch("bind_slips")
    metrics.add_waiting("put_ballots", 4)
    after = read(client.get("/metrics").get_data(as_text=True))
    metrics.add_waiting("put_ballots", -4)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown['mingce_committed_total{"kind": "put_ballots"}'] == 140
    assert grown['mingce_batch_size_bucket{"kind": "put_ballots", "le": "5.0"}'] == 0
    assert grown['mingce_batch_size_bucket{"kind": "put_ballots", "le": "10.0"}'] == 20
    assert grown['mingce_commit_seconds_bucket{"kind": "put_ballots", "le": "0.05"}'] == 20
    assert grown['mingce_failed_batches_total{"kind": "bind_slips"}'] == 1
    assert grown['mingce_waiting{"kind": "put_ballots"}'] == 4


def test_every_label_of_a_request_is_an_endpoint_or_a_door(app: Flask) -> None:
    doors = {"voting", "admin", "other"}
    assert set(metrics.ENDPOINTS) - doors <= set(app.view_functions)


def _when(server: Server, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """The numbers, as soon as they are so."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            numbers = read(scrape(server))
        except OSError:
            numbers = {}
        if numbers and holds(numbers):
            return numbers
        assert time.monotonic() < deadline, numbers
        time.sleep(0.05)
