"""The doorbell: after a commit, a thread of this process nudges the relay through the broker.

Called by `outbox.outbox` after each commit; the relay (`outbox.tasks`) hears it. The caller only sets a
flag, so no request ever touches a broker socket, and a dead broker costs nothing but the second until
beat rings (docs/adr/0001).
"""

import contextlib
import logging
import os
import threading
import time

from celery import current_app

logger = logging.getLogger(__name__)

COMPLAIN_EVERY_SECONDS = 60
# After a ring: under load what is settled in this time is one ring and one relay, not twenty.
REST_SECONDS = 0.03


class Doorbell:
    """One thread a process, started by the first ring; rings that come while it works are one ring."""

    def __init__(self) -> None:
        self._pushed = threading.Event()
        self._starting = threading.Lock()
        self._pid = 0
        self._complained_at = 0.0

    def push(self) -> None:
        self._pushed.set()
        # A fork copies the flag and not the thread: look at whose process this is.
        if self._pid != os.getpid():
            with self._starting:
                if self._pid != os.getpid():
                    threading.Thread(target=self._ring_for_ever, name="doorbell", daemon=True).start()
                    self._pid = os.getpid()

    def _ring_for_ever(self) -> None:
        while True:
            self._pushed.wait()
            self._pushed.clear()
            self._ring_once()
            time.sleep(REST_SECONDS)

    def _ring_once(self) -> None:
        try:
            current_app.send_task(
                "outbox.relay", kwargs={"rung_by": "doorbell"}, queue="outbox", expires=5, retry=False
            )
        except Exception as error:
            # Whatever it was, beat's own ring finds the rows; say it once a minute, not once a request.
            now = time.monotonic()
            if now - self._complained_at > COMPLAIN_EVERY_SECONDS:
                self._complained_at = now
                logger.warning(
                    "The broker did not take the doorbell (%s); beat will find the rows.", type(error).__name__
                )
            with contextlib.suppress(Exception):
                current_app.pool.force_close_all()  # type: ignore[attr-defined]  # a kombu ConnectionPool


_doorbell = Doorbell()


def ring() -> None:
    """Returns at once, whatever the broker does."""
    _doorbell.push()
