"""The web process: settings are checked, waiting is limited, then Django serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application

from config import checks, database

checks.require()
database.limit_waiting()
database.use_pool()
application = get_wsgi_application()
