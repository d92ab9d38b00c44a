"""Turns Ctrl-C, SIGTERM and a closed terminal into one flag that the supervisor looks at."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

# The same keypress may arrive twice: from the terminal and from `make`.
ECHO_SECONDS = 0.5


class Stopped(Exception):
    """Somebody asked us to stop while something was being waited for."""


class StopSwitch:
    """Install it in the main thread. A second Ctrl-C calls `at_once`."""

    def __init__(self, at_once: Callable[[], None]) -> None:
        self._at_once = at_once
        self._asked = threading.Event()
        self._asked_at = 0.0
        self.hurried = False

    def install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup the closing of the terminal is ignored on purpose.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def disarm(self) -> None:
        """When all is done, a late keypress must not turn an orderly end into a killed process."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Sleeps. Raises Stopped as soon as we are asked to stop."""
        if self._asked.wait(seconds):
            raise Stopped

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.is_asked:
            self._asked_at = now
            self._asked.set()
        elif number == signal.SIGINT and now - self._asked_at > ECHO_SECONDS:
            self.hurried = True
            self._at_once()
