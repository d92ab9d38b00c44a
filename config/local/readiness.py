"""Asks the web process whether everything works; the supervisor says "ready" on its word, not on a guess."""

import http.client
import json
from collections.abc import Mapping

from config.local.instance import Instance

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def missing(instance: Instance) -> Mapping[str, str]:
    """What does not work yet, and why; empty when all does."""
    try:
        status, body = _get(instance)
    except (OSError, http.client.HTTPException):
        return {"web": "does not answer yet"}
    try:
        report = json.loads(body)
        checks = dict(report["checks"])
        ready = report["status"] == "ok"
    except (ValueError, KeyError, TypeError):
        return {"web": f"/readyz answered {status} without a report"}
    bad = {name: str(reason) for name, reason in checks.items() if reason != "ok"}
    return {} if ready else bad or {"web": f"/readyz says {report['status']}"}


def _get(instance: Instance) -> tuple[int, bytes]:
    host = ANYWHERE.get(instance.host, instance.host)
    connection = http.client.HTTPConnection(host, instance.port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{instance.port}"})
        reply = connection.getresponse()
        return reply.status, reply.read(100_000)
    finally:
        connection.close()
