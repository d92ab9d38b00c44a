import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config import health
from outbox.models import Heartbeat


@pytest.fixture
def beating(db):
    for name in ("worker", "beat"):
        Heartbeat.objects.create(name=name, beat_at=timezone.now())


def test_livez_answers_without_any_server(client):
    assert client.get("/livez").content == b"ok"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probe_by_address_is_answered_whatever_the_allowed_hosts_are(client, beating, settings, path):
    settings.ALLOWED_HOSTS = ["crm.example.com"]

    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/", headers={"host": "10.1.2.3:8000"}).status_code == 400


def test_all_is_well(client, beating):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok", "worker": "ok", "beat": "ok"},
    }


def test_dead_broker_and_silent_worker_are_degraded_and_not_unready(client, beating, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    Heartbeat.objects.filter(name="worker").update(beat_at=timezone.now() - timedelta(minutes=1))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"] | {"broker": "unreachable", "worker": "silent"} == answer.json()["checks"]


def test_frozen_broker_is_unreachable(client, beating, settings):
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen()
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"

        answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["broker"]) == (200, "unreachable")


def test_missing_migration_is_unready(client, beating, monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert answer.json()["checks"]["migrations"] == "missing"


@pytest.mark.django_db(transaction=True)
def test_dead_database_is_unready_and_says_nothing_about_the_inside(client):
    connection.close()
    original = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    try:
        answer = client.get("/readyz")
    finally:
        connection.settings_dict["PORT"] = original
        connection.close()

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "unreachable"
    assert "127.0.0.1" not in answer.content.decode()
