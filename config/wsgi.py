"""The web process: settings are checked, waiting is limited, then Django serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from assessments import reading
from config import checks, database

checks.require()
database.limit_waiting()
database.use_pool()
application = get_wsgi_application()

# The verdict is in the reply, so messages are read here; loading it now spares the first visitor the wait.
reading.current()
if settings.MESSAGE_READER == "auto":
    reading.load_best_in_background()
