"""Starts PostgreSQL and Valkey once for a test run, before Django reads its settings (`-p tests.servers`).

Workers of pytest-xdist inherit the addresses; each of them gets a database (by pytest-django) and a Valkey
number of its own.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from config.local.servers import Servers

SECRET = "only-for-tests-0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None and "TRUEGAP_TEST_REDIS" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="truegap-tests-"))
        folder.chmod(0o755)  # as root, PostgreSQL runs under another account and has to reach it
        servers = Servers(folder, postgres_password="tests")
        urls = servers.start()

        def stop() -> None:
            servers.stop()
            shutil.rmtree(folder, ignore_errors=True)

        early_config.add_cleanup(stop)
        os.environ["DATABASE_URL"] = urls.database_url
        os.environ["TRUEGAP_TEST_REDIS"] = urls.redis_url
        os.environ["DATA_DIR"] = str(folder / "data")
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    os.environ["REDIS_URL"] = f"{os.environ['TRUEGAP_TEST_REDIS'].rstrip('/')}/{number}"
    os.environ["SECRET_KEY"] = SECRET
    os.environ["PUBLIC_BASE_URL"] = "http://testserver"
    os.environ["WEBHOOK_ALLOWED_NETWORKS"] = "127.0.0.0/8"
    # What a developer's shell happens to hold must not decide a test.
    for name in ("EMAIL_URL", "BROKER_URL", "CACHE_URL", "DEBUG", "ALLOWED_HOSTS", "NUM_PROXIES", "SUBMISSION_RATE"):
        os.environ.pop(name, None)
