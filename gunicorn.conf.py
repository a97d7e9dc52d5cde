"""How gunicorn serves Mingce. Settings that a site may change come from the environment."""

import ctypes
import errno
import gc
import logging
import os
import resource
import socket
import sys
import threading
import time
from contextlib import suppress
from logging.handlers import WatchedFileHandler
from pathlib import Path

import structlog
from gunicorn.glogging import Logger

sys.path.insert(0, str(Path(__file__).resolve().parent))
# Drawn here, before workers are forked, so that they all have the same key.
import app.process  # noqa: F401
from app import metrics
from app.logs import set_up_logs, withhold

# Whatever is written at run time (database, logs) is for this account's eyes only.
os.umask(0o077)

data = Path(os.environ.get("MINGCE_DATA") or "data").absolute()
logs = data / "logs"
logs.mkdir(mode=0o700, parents=True, exist_ok=True)

# Each phone and each open screen holds a connection; take all the files that we may.
_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))

# The memory holds keys and what voters sent: a crash must not write it to a file, nor hand it to
# a program that collects crashes (which the limit alone does not prevent), nor may another program
# of this account read it.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
PR_SET_DUMPABLE = 4
with suppress(OSError, AttributeError):
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


class DiscreetLogger(Logger):
    """gunicorn's log, also kept in a file, and without anything that tells of a voter."""

    def setup(self, cfg):
        """Add the file and the filter to what gunicorn sets up by itself."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            if isinstance(handler, WatchedFileHandler):
                self.error_log.removeHandler(handler)
                handler.close()
        file = WatchedFileHandler(logs / "error.log", encoding="utf-8")
        file.setLevel(logging.WARNING)
        file.setFormatter(logging.Formatter(self.error_fmt, self.datefmt))
        self.error_log.addHandler(file)
        if withhold not in self.error_log.filters:
            self.error_log.addFilter(withhold)


# Workers whose master was killed need a moment to notice.
CLAIM_SECONDS = 5


def on_starting(server):
    """Refuse what the command line or GUNICORN_CMD_ARGS would have written down about voters."""
    given = server.cfg
    unwanted = {
        "--access-logfile": given.accesslog is not None,
        "--logger-class": not isinstance(server.log, DiscreetLogger),
        "--log-config": bool(given.logconfig or given.logconfig_json or given.logconfig_dict),
        # It names the path of every request, with the time.
        "--log-level debug": given.loglevel.lower() == "debug",
    }
    refused = "、".join(name for name, is_set in unwanted.items() if is_set)
    if refused:
        raise RuntimeError(
            f"投票入口不留访问记录，不能使用 {refused}。"
            "请从 GUNICORN_CMD_ARGS 或命令行中去掉后再启动。"
        )
    if any(isinstance(address, str) for address in given.address):
        # Of a Unix socket there is one.
        given.set("reuse_port", False)
    if given.reuse_port:
        server.claimed = [_claim(address) for address in given.address]


def _claim(address):
    """Take a port for this service alone: its workers share it, and so could a second service."""
    claim = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for seconds_left in range(CLAIM_SECONDS, -1, -1):
        try:
            claim.bind(address)
            break
        except OSError as error:
            if seconds_left == 0 or error.errno != errno.EADDRINUSE:
                raise RuntimeError(
                    f"不能使用 {address[0]} 的端口 {address[1]}（{error.strerror}）。"
                    "多半是明测或别的程序已经在用它："
                    "请先停掉那一个，或用 MINGCE_PORT 换一个端口。"
                ) from error
        time.sleep(1)
    # From here on only the workers may join, who say so too; nothing listens here.
    claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return claim


def when_ready(server):
    """Note the start beside the events of the workers."""
    set_up_logs(logs)
    structlog.get_logger().info("service_started", workers=server.cfg.workers)


def on_exit(_server):
    """Note an orderly end."""
    structlog.get_logger().info("service_stopped")


def pre_fork(_server, worker):
    """The worker gets a place for its counters, in memory that all of them share."""
    metrics.reserve_row(worker.age)


def child_exit(_server, worker):
    """Its place is free for another worker."""
    metrics.free_row(worker.age)


def post_fork(_server, worker):
    """What nobody catches is noted without what it was about, such as a phone's address."""
    from gevent.hub import Hub

    metrics.take_row(worker.age)

    def note(kind, error, trace):
        worker.log.error("Nobody caught an error", exc_info=(kind, error, trace))

    Hub.print_exception = lambda _hub, _context, kind, error, trace: note(kind, error, trace)
    threading.excepthook = lambda lost: note(lost.exc_type, lost.exc_value, lost.exc_traceback)
    sys.unraisablehook = lambda lost: note(lost.exc_type, lost.exc_value, lost.exc_traceback)


def post_worker_init(worker):
    """Keep countdowns, in one of the workers.

    What has been loaded stays: looking through it for garbage would hold up every phone.
    """
    from flask import Flask

    from app.keeper import Keeper

    if isinstance(worker.wsgi, Flask):
        Keeper(worker.wsgi).start()
    gc.collect()
    gc.freeze()


wsgi_app = "wsgi:app"
host = os.environ.get("MINGCE_BIND") or "0.0.0.0"  # noqa: S104 - phones must reach it
bind = f"{host}:{os.environ.get('MINGCE_PORT') or '8000'}"

# gthread workers starve behind open event streams.
worker_class = "gevent"
workers = int(os.environ.get("MINGCE_WORKERS") or len(os.sched_getaffinity(0)))
worker_connections = 4000
backlog = 2048
# Linux shares the phones out among the workers; else whoever is awake first may get them all.
reuse_port = sys.platform == "linux"
keepalive = 15
# Of the worker's heartbeat, not of a request: closing a very large meeting keeps one core busy.
timeout = 120
# Event streams never end by themselves; a ballot in flight takes milliseconds.
graceful_timeout = 3
# Each worker has its own event loop and its own database connections.
preload_app = False
if os.access("/dev/shm", os.W_OK):  # noqa: S108 - heartbeat files must not wait for a disk
    worker_tmp_dir = "/dev/shm"  # noqa: S108

limit_request_line = 2048
limit_request_fields = 64
limit_request_field_size = 8190

# No access log, anywhere: who asked for what, and when, is nobody's business at a secret vote.
accesslog = None
errorlog = "-"
loglevel = "info"
logger_class = DiscreetLogger

# Nobody here manages workers through it, and it would leave a socket in the home folder.
control_socket_disable = True
