"""What the web server calls: bodies are taken in whole, then Django answers in one of a few threads (ADR 23)."""

from typing import Any, cast

from a2wsgi import WSGIMiddleware

from config.whole_bodies import WholeBodies
from config.wsgi import application as django

# Each holds a connection to PostgreSQL while it works; more of them only wait for the interpreter.
THREADS = 4

# Django, the bridge and this house each write the types of the two protocols in words of their own.
bridge: Any = WSGIMiddleware(cast("Any", django), workers=THREADS)
application = WholeBodies(bridge)
