"""A key that the processes of one server share in memory, and that lies in no file.

gunicorn's configuration imports this module before the workers are forked: they all have the same
key, and the next start of the server draws another.
"""

from __future__ import annotations

import secrets

GROUP_KEY = secrets.token_bytes(32)
