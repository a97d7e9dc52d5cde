"""Faults inside a server, which Python reads as it starts: a wrong clock, a slow or full disk.

The file CHAOS_FAULTS names says what is faulty now, in JSON: `clock`, seconds by which the clock of
the wall is shifted; `sync`, seconds that SQLite waits for the disk more than it does; `full`, 1
where SQLite finds no room; `broken`, 1 where no sync succeeds. It works for any account, with what
Python ships.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from typing import Any

FAULTS = os.environ.get("CHAOS_FAULTS", "")
SQLITE_FULL, SQLITE_IOERR_FSYNC = 13, 1034
POINTER = ctypes.sizeof(ctypes.c_void_p)
# These are taken before gevent puts others in their place.
_sleep, _time, _time_ns, _clock_gettime = time.sleep, time.time, time.time_ns, time.clock_gettime
_known: tuple[float, dict[str, float]] = (-1.0, {})


def fault(name: str) -> float:
    """How large one fault is now."""
    global _known  # noqa: PLW0603
    try:
        changed = os.stat(FAULTS).st_mtime_ns
        if changed != _known[0]:
            with open(FAULTS) as file:
                _known = changed, json.load(file)
    except (OSError, ValueError):
        return 0.0
    return _known[1].get(name, 0.0)


_steps_left = 0


def die_at(step: int) -> None:
    """Kill this process at the so-manieth write, sync or removal of a file from now on."""
    global _steps_left  # noqa: PLW0603
    _steps_left = step


def steps_left() -> int:
    """How many steps there were still to go."""
    return _steps_left


def _step() -> None:
    global _steps_left  # noqa: PLW0603
    if _steps_left:
        _steps_left -= 1
        if not _steps_left:
            os.kill(os.getpid(), signal.SIGKILL)


def _watch(event: str, _arguments: tuple[Any, ...]) -> None:
    if event == "os.remove":
        _step()


def wrong_clock() -> None:
    """Shift the clock of the wall; the monotonic one is right, as it is where a clock is set."""

    def shifted(clock: int) -> float:
        return _clock_gettime(clock) + (fault("clock") if clock == time.CLOCK_REALTIME else 0)

    time.time = lambda: _time() + fault("clock")
    time.time_ns = lambda: _time_ns() + int(fault("clock") * 1e9)
    time.clock_gettime = shifted


class Vfs(ctypes.Structure):
    """The beginning of SQLite's `sqlite3_vfs`; the rest of it is copied as it is."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_most", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("rest", ctypes.c_void_p * 15),
    ]


OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int,
    *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p),
)
WRITE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
METHODS, WRITE_AT, SYNC_AT = 19, 3, 5
"""Members of `sqlite3_io_methods`, the version first; which of them are xWrite and xSync."""

_kept: list[Any] = []
_tables: dict[int, int] = {}


def faulty_disk() -> None:
    """Put a file system of our own in front of SQLite's, for whatever is opened from now on."""
    import _sqlite3

    library = ctypes.CDLL(_library_of(_sqlite3.__file__))
    library.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
    library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    library.sqlite3_vfs_register.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.sqlite3_initialize()
    real = library.sqlite3_vfs_find(None).contents
    ours = Vfs.from_buffer_copy(real)
    real_open = OPEN(real.open)

    def opened(vfs: int, name: int, file: int, flags: int, out: int) -> int:
        done = real_open(vfs, name, file, flags, out)
        place = ctypes.c_void_p.from_address(file)
        if done == 0 and place.value:
            place.value = _with_faults(place.value)
        return done

    ours.name, ours.open = b"faulty", ctypes.cast(_keep(OPEN(opened)), ctypes.c_void_p).value
    library.sqlite3_vfs_register(ctypes.addressof(_keep(ours)), 1)


def _library_of(module: str) -> str:
    """SQLite's own library as Python's module has loaded it."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.split(maxsplit=5)[-1].strip()
            if "libsqlite3" in path:
                return path
    return module


def _with_faults(real: int) -> int:
    """A copy of SQLite's table of methods in which writing and syncing go through us."""
    if real not in _tables:
        table = (ctypes.c_void_p * METHODS).from_buffer_copy(
            (ctypes.c_void_p * METHODS).from_address(real)
        )
        real_write, real_sync = WRITE(table[WRITE_AT]), SYNC(table[SYNC_AT])

        def write(file: int, content: int, size: int, offset: int) -> int:
            _step()
            return SQLITE_FULL if fault("full") else real_write(file, content, size, offset)

        def sync(file: int, flags: int) -> int:
            _step()
            slow = fault("sync")
            if slow:
                _sleep(slow)
            return SQLITE_IOERR_FSYNC if fault("broken") else real_sync(file, flags)

        table[WRITE_AT] = ctypes.cast(_keep(WRITE(write)), ctypes.c_void_p).value
        table[SYNC_AT] = ctypes.cast(_keep(SYNC(sync)), ctypes.c_void_p).value
        _tables[real] = ctypes.addressof(_keep(table))
    return _tables[real]


def _keep(thing: Any) -> Any:
    """SQLite holds on to it, so Python must."""
    _kept.append(thing)
    return thing


if FAULTS:
    wrong_clock()
    faulty_disk()
    sys.addaudithook(_watch)
