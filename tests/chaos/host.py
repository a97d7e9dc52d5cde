"""What a host does with a meeting, each time in a process of its own that may be killed.

Run as a program it makes the application once and forks for every wish, so that a kill falls into
the action and not into the start of Python.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 120
STEPS_MOST = 10**9
TRIES_MOST = 3


class Done(NamedTuple):
    """answer: None where the process was killed. error: a refusal or a fault, in words.

    steps: writes, syncs and removals of files that it took. seconds: how long.
    """

    answer: dict[str, Any] | None
    error: str = ""
    steps: int = 0
    seconds: float = 0.0


class Host:
    """Asks for one action after another. log: what the product writes to standard error."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self._env = dict(env)
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def done(self, act: str, *arguments: object) -> dict[str, Any]:
        """The answer of an action that nobody kills; RuntimeError where it fails.

        Who is told to come again does so, as an earlier action may have been broken off.
        """
        done = self.ask(act, *arguments)
        for _ in range(TRIES_MOST):
            if done.error == "server_busy":
                done = self.ask(act, *arguments)
        if done.answer is None:
            raise RuntimeError(f"{act}: {done.error}")
        return done.answer

    def ask(
        self, act: str, *arguments: object, die_at: int = 0, kill_after: float | None = None
    ) -> Done:
        """What came of an action. die_at: the step at which it is killed, from 1; kill_after:
        seconds until it is.
        """
        if self._process is None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.chaos.host"],
                    cwd=ROOT,
                    env=self._env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        assert self._process.stdin
        assert self._process.stdout
        wish = {"act": act, "with": arguments, "die_at": die_at, "kill_after": kill_after}
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return Done(*json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        """End the process that waits for wishes."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def main() -> None:
    """Read wishes, one a line, and answer each with a line."""
    from app.factory import create_app

    app = create_app()
    for line in sys.stdin:
        wish = json.loads(line)
        answer = _in_a_fork(lambda wish=wish: _act(app, wish), wish["kill_after"])
        print(json.dumps(answer), flush=True)


def _in_a_fork(work: Callable[[], Done], kill_after: float | None) -> Done:
    """Nothing that a fork may not share, such as a connection, is there before it."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(into, "w") as pipe:
            json.dump(work(), pipe)
        os._exit(0)
    os.close(into)
    # The pipe ends with the child, whichever way.
    killed = not select.select([out], [], [], kill_after or PATIENCE_SECONDS)[0]
    if killed:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with os.fdopen(out) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return Done(*json.loads(text)) if text else Done(None, "killed")


def _act(app: Any, wish: dict[str, Any]) -> Done:
    import sitecustomize

    from app.domain.errors import MingceError

    with app.app_context():
        started, die_at = time.monotonic(), wish["die_at"] or STEPS_MOST
        sitecustomize.die_at(die_at)
        try:
            answer = ACTS[wish["act"]](*wish["with"])
        except MingceError as refusal:
            return Done(None, refusal.code)
        except Exception as error:
            return Done(None, repr(error))
    return Done(answer, "", die_at - sitecustomize.steps_left(), time.monotonic() - started)


def _draft(like: int, slips: int) -> dict[str, Any]:
    """A draft of the same subjects as another meeting."""
    from app.actions import meeting as host

    other = host.get_meeting(like)
    settings = host.Settings("混沌", "", "", other.base_url, rehearsal=True)
    made = host.create_meeting(other.round_id, settings)
    host.choose_subjects(made.id, [subject.record_id for subject in other.subjects])
    host.set_groups(made.id, [("党员", slips), ("群众代表", slips)])
    return {"meeting_id": made.id, "meeting": made.code}


def _open(meeting_id: int) -> dict[str, Any]:
    from app.actions.meeting import open_meeting

    return {"state": open_meeting(meeting_id).state}


def _issue(meeting_id: int, group: str, number: int) -> dict[str, Any]:
    from app.actions.meeting import get_meeting
    from app.actions.slip import issue_slips
    from app.domain.encoding import b64url
    from app.domain.slip import crockford

    tokens = issue_slips(meeting_id, group, number)
    meeting = get_meeting(meeting_id)
    address = f"{meeting.base_url}/v/{meeting.code}"
    digest = b64url(meeting.key_digest or b"")
    return {"slips": [f"{address}#{crockford(token)}.{digest}" for token in tokens]}


def _close(meeting_id: int) -> dict[str, Any]:
    from app.actions.closing import close_meeting

    return {"digest": close_meeting(meeting_id).digest}


def _void(meeting_id: int) -> dict[str, Any]:
    from app.actions.meeting import void_meeting

    return {"state": void_meeting(meeting_id, "混沌").state}


def _void_unused(meeting_id: int) -> dict[str, Any]:
    from app.actions.slip import void_unused_slips

    return {"voided": void_unused_slips(meeting_id)}


def _sweep() -> dict[str, Any]:
    from app.actions.sweep import sweep

    return {"swept": sweep()}


def _state(meeting_id: int) -> dict[str, Any]:
    from app.actions.meeting import get_meeting

    return {"state": get_meeting(meeting_id).state}


ACTS: dict[str, Callable[..., dict[str, Any]]] = {
    "draft": _draft,
    "open": _open,
    "issue": _issue,
    "close": _close,
    "void": _void,
    "void_unused": _void_unused,
    "sweep": _sweep,
    "state": _state,
}

if __name__ == "__main__":
    main()
