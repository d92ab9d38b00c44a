"""Limits on waiting for PostgreSQL, for the server processes only.

Commands, migrations and exports run without: they may rightly take longer.
"""

from django.conf import settings

# A holder that is stuck would hide its outbox row from SKIP LOCKED for ever; the idle limit frees it.
LIMITS = "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"


def limit_waiting() -> None:
    """Must run before the first connection; connections read the options when they open."""
    settings.DATABASES["default"]["OPTIONS"]["options"] = LIMITS


def use_pool() -> None:
    """For the web process: threads share connections. Not for prefork workers: a pool must not cross a fork."""
    database = settings.DATABASES["default"]
    database["CONN_MAX_AGE"] = 0  # Django refuses both at once
    # A short reconnect_timeout: after an outage the next request tries at once, instead of waiting for a long backoff.
    database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 8, "timeout": 3, "reconnect_timeout": 3}
