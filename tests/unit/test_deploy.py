"""What deploy/ says agrees with the project: its files, its settings, its programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.serving import ROOT

DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
UNITS = ("mingce.service", "mingce-backup.service", "mingce-backup.timer")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """deploy/compose.yaml."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return read


def documented_settings() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", GUIDE, re.MULTILINE))


def test_the_compose_file_names_only_settings_that_there_are(compose: dict[str, Any]) -> None:
    named = {name.removesuffix("_FILE") for name in compose["services"]["mingce"]["environment"]}
    assert named - documented_settings() == set()


def test_settings_in_files_are_those_that_may_stand_in_files(compose: dict[str, Any]) -> None:
    from app.config import SECRETS

    environment = compose["services"]["mingce"]["environment"]
    files = {name: path for name, path in environment.items() if name.endswith("_FILE")}
    assert {name.removesuffix("_FILE") for name in files} <= set(SECRETS)
    given = {f"/run/secrets/{name}" for name in compose["services"]["mingce"]["secrets"]}
    assert set(files.values()) == given
    # No secret stands in the file itself.
    assert not set(environment) & set(SECRETS) - {"REDIS_URL"}


def test_the_compose_file_uses_what_it_declares(compose: dict[str, Any]) -> None:
    services = compose["services"]
    secrets = {name for service in services.values() for name in service.get("secrets", ())}
    assert secrets == set(compose["secrets"])
    volumes = {
        volume.partition(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
    }
    assert volumes == set(compose["volumes"])
    assert set(services["mingce"]["depends_on"]) <= set(services)
    build = services["mingce"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_no_container_writes_its_memory_to_a_disk(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["ulimits"]["core"] == 0, name
    for name in ("mingce", "redis"):
        service = compose["services"][name]
        assert service["memswap_limit"] == service["mem_limit"], name
        assert service["read_only"] is True, name


def test_what_the_image_copies_is_there_and_is_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().split()
    for line in (DEPLOY / "Dockerfile").read_text("utf-8").splitlines():
        if not line.startswith("COPY ") or "--from" in line:
            continue
        for source in line.split()[1:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.partition('/')[0]}" in let_through, source


def test_the_image_holds_all_that_the_service_imports_and_reads() -> None:
    copied = {
        source
        for line in (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert {"app", "voting", "admin", "schemes", "migrations", "static", "tools"} <= copied
    assert {"wsgi.py", "gunicorn.conf.py", "requirements.txt", "package-lock.json"} <= copied


def test_the_image_runs_the_server_as_nobody_special() -> None:
    image = (DEPLOY / "Dockerfile").read_text("utf-8").rpartition("\nFROM ")[2]
    assert "\nUSER mingce\n" in image
    assert '\nENTRYPOINT ["/usr/bin/tini", "--"]\n' in image
    assert "/healthz" in image
    # No shell stays between tini and the server.
    assert (DEPLOY / "start.sh").read_text("utf-8").splitlines()[-1].startswith("exec ")
    assert subprocess.run(["sh", "-n", DEPLOY / "start.sh"], check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        shutil.copy(DEPLOY / unit, tmp_path)
    paths = [str(tmp_path / unit) for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "mingce" in line]) == (
        0,
        [],
    )


def test_the_units_run_programs_and_commands_that_there_are() -> None:
    from app.cli.backup import backup_command

    for unit in UNITS[:2]:
        text = (DEPLOY / unit).read_text("utf-8")
        assert "LimitCORE=0" in text
        assert "UMask=0077" in text
        named = set(re.findall(r"^Environment=([A-Z_]+)=", text, re.MULTILINE))
        assert named <= documented_settings()
    assert f"--app wsgi {backup_command.name} " in (DEPLOY / UNITS[1]).read_text("utf-8")
    assert (ROOT / "tools" / "serve.py").is_file()
