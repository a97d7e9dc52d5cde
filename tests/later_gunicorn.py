"""How gunicorn serves the product some days later: as it serves it today."""

import runpy

globals().update(runpy.run_path("gunicorn.conf.py"))
wsgi_app = "tests.later:application"
