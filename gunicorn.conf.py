"""How gunicorn serves Mingce. Settings that a site may change come from the environment."""

import logging
import os
import resource
from logging.handlers import WatchedFileHandler
from pathlib import Path

from gunicorn.glogging import Logger

# Whatever is written at run time (database, logs) is for this account's eyes only.
os.umask(0o077)

data = Path(os.environ.get("MINGCE_DATA") or "data").absolute()
logs = data / "logs"
logs.mkdir(mode=0o700, parents=True, exist_ok=True)

# Each phone and each open screen holds a connection; take all the files that we may.
_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))


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


def withhold(record):
    """Keep out addresses, what a bad request contained, and query strings."""
    if isinstance(record.msg, str) and record.msg.startswith("Invalid request from ip="):
        record.msg, record.args = "Refused a malformed request", ()
    elif record.args and str(record.msg).startswith("Error handling request"):
        record.args = tuple(str(part).partition("?")[0] for part in record.args)
    return True


wsgi_app = "wsgi:app"
host = os.environ.get("MINGCE_BIND") or "0.0.0.0"  # noqa: S104 - phones must reach it
bind = f"{host}:{os.environ.get('MINGCE_PORT') or '8000'}"

# gthread workers starve behind open event streams.
worker_class = "gevent"
workers = int(os.environ.get("MINGCE_WORKERS") or len(os.sched_getaffinity(0)))
worker_connections = 4000
backlog = 2048
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
