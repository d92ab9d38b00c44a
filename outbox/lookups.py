"""Looking a name up within a deadline, which `getaddrinfo` itself knows nothing of.

Used by `outbox.http` for every call. The lookup runs in a thread: one that is left behind ends when the system's own
patience does, and its answer is thrown away.
"""

import socket
import threading
from collections.abc import Callable
from typing import Any


class Lookup:
    """Stands in for `socket.getaddrinfo`; raises TimeoutError after as many seconds as `seconds_left` says."""

    def __init__(self, seconds_left: Callable[[], float]) -> None:
        self._seconds_left = seconds_left

    def __call__(self, *args: Any, **kwargs: Any) -> list[Any]:
        found: list[Any] = []
        done = threading.Event()

        def look() -> None:
            try:
                found.append(socket.getaddrinfo(*args, **kwargs))
            except OSError as error:
                found.append(error)
            finally:
                done.set()

        threading.Thread(target=look, name="lookup", daemon=True).start()
        if not done.wait(self._seconds_left()) or not found:
            raise TimeoutError("The name could not be looked up in time.")
        if isinstance(found[0], OSError):
            raise found[0]
        return list(found[0])
