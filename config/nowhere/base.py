"""The database backend where no database is named: the first query says so in one line.

Commands that need none (`assess`, `help`, `local`) never get here.
"""

from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> NoReturn:
        raise ImproperlyConfigured(
            f"no database: DATABASE_URL is not set and nothing runs in {settings.DATA_DIR}. "
            "Start `make run` in another terminal, or set DATABASE_URL."
        )
