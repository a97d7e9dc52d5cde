"""How gunicorn serves the yardstick: as it serves Mingce, without what Mingce hooks into it."""

import runpy
from pathlib import Path

_SAME = (
    *("bind", "worker_class", "workers", "worker_connections", "backlog", "keepalive"),
    "reuse_port",
    *("timeout", "graceful_timeout", "preload_app", "worker_tmp_dir"),
    *("limit_request_line", "limit_request_fields", "limit_request_field_size"),
    *("accesslog", "errorlog", "control_socket_disable"),
)
_ours = runpy.run_path(str(Path.cwd() / "gunicorn.conf.py"))
globals().update({name: _ours[name] for name in _SAME if name in _ours})
wsgi_app = "bench.bare:app"
