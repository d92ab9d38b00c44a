"""What the web server calls: bodies are taken in whole, then Django answers in one of a few threads (ADR 23)."""

from config.whole_bodies import served
from config.wsgi import application as django

application = served(django)
