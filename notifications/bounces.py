"""Which refusals of a mail server say that an address is dead. Pure.

A server refuses recipients for good for many reasons. A policy, a full mailbox or a relay that does not know us
says nothing of the address, and taking it for dead would silence everybody after one wrong setting.
"""

import re
import smtplib

DEAD = {550, 551, 553, 554}
ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
# RFC 3463: the subject 1 is the address; of the mailbox (2), 2.0 and 2.1 say that it is gone.
ADDRESS = "1"
GONE_MAILBOX = {("2", "0"), ("2", "1")}
OURS = re.compile(r"relay|authenticat|blocked|blacklist|blocklist|spam|policy|denied", re.IGNORECASE)


def dead_address(error: Exception) -> str:
    """The code of the refusal where it says that the recipient does not exist, else nothing.

    Never the server's words: they often repeat the address.
    """
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return ""
    code, text = next(iter(error.recipients.values()))
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    if code not in DEAD:
        return ""
    enhanced = ENHANCED.search(words)
    if enhanced is None:
        return "" if OURS.search(words) else str(code)
    subject, detail = enhanced.groups()
    return f"{code} {enhanced[0]}" if subject == ADDRESS or (subject, detail) in GONE_MAILBOX else ""
