"""What the web server calls: bodies are taken in whole, then Django answers in one of a few threads (ADR 23)."""

from a2wsgi import WSGIMiddleware

from config.whole_bodies import WholeBodies
from config.wsgi import application as django

# Each holds a connection to PostgreSQL while it works; more of them only wait for the interpreter.
THREADS = 4

application = WholeBodies(WSGIMiddleware(django, workers=THREADS))
