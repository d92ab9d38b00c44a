"""Log lines: one line each, as text or JSON, and never with a visitor's token in it."""

import json
import logging
import re

# /r/TOKEN/, /u/TOKEN/, /me/TOKEN/ and /api/v1/submissions/TOKEN/ are keys to somebody's data.
TOKEN = re.compile(r"/(r|u|me|api/v1/submissions)/[^/\s'\"]{8,}")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


class NoTokens(logging.Filter):
    """Cuts tokens out of the message and keeps it on one line, whatever a stranger put into it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = TOKEN.sub(r"/\1/...", record.getMessage())
        record.msg, record.args = CONTROL.sub(lambda match: repr(match[0])[1:-1], message), ()
        return True


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
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
