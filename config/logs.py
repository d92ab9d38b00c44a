"""Log lines: one line each, as text or JSON, and never with a visitor's token in it."""

import json
import logging
import re

# /r/TOKEN/, /u/TOKEN/, /me/TOKEN/, /calendar/TOKEN.ics and /api/v1/submissions/TOKEN/ are keys to somebody's data.
TOKEN = re.compile(r"/(r|u|me|calendar|api/v1/submissions)/[^/\s'\"]{8,}")
# Addresses come along in the words of mail servers and of the database; the latter quotes values after DETAIL.
ADDRESS = re.compile(r"[^\s<>\"'():/@]+@[\w.-]+\.\w+")
DETAIL = re.compile(r"(DETAIL:|Failing row contains).*")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class NoTokens(logging.Filter):
    """Cuts tokens and mail addresses out of message and traceback.

    The message stays on one line, whatever a stranger put into it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = clean(record.getMessage()), ()
        if record.exc_info:
            # Formatters print this text instead of making their own. Indented: no line of it passes for a new record.
            lines = logging.Formatter().formatException(record.exc_info).splitlines()
            record.exc_text = "\n  ".join(map(clean, lines))
        return True


def clean(line: str) -> str:
    told = ADDRESS.sub("(address)", DETAIL.sub(r"\1 ...", TOKEN.sub(r"/\1/...", line)))
    return CONTROL.sub(lambda match: repr(match[0])[1:-1], told)


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
