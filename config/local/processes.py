"""The command lines of web, worker and beat; `make run` starts them, Procfile and compose repeat them."""

import sys


def commands(host: str, port: int, *, workers: int) -> dict[str, list[str]]:
    """In the order in which they start; run as modules, so that no PATH is needed.

    The worker gets no REMAP_SIGTERM: SIGTERM lets it finish its tasks, which their time limits end within the
    supervisor's patience, and hand back the rest. The soft shutdown sleeps its full time whatever runs.
    """
    lines = {
        "web": f"granian --interface asginl --host {host} --port {port} --workers {workers} "
        "--no-ws --workers-kill-timeout 10 config.asgi:application",
        "worker": "celery -A config worker --concurrency 8 --queues booking,mail,webhooks,calendars,outbox "
        "--without-gossip --without-mingle --loglevel info",
        "beat": "celery -A config beat --scheduler celery.beat:Scheduler --pidfile= --loglevel info",
    }
    return {name: [sys.executable, "-m", *line.split()] for name, line in lines.items()}
