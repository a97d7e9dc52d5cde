"""How gunicorn serves the leaky control: as it serves the product."""

import runpy

globals().update(runpy.run_path("gunicorn.conf.py"))
wsgi_app = "tests.forensics.leaky:app"
