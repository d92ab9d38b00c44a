"""Mail without a mail server: each one is written as an .eml file into DATA_DIR/mail, where EMAIL_URL is unset."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from uuid6 import uuid7

PLAIN = re.compile(r"[0-9a-f-]{36}")


class FolderBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(folder, name_of(message.extra_headers.get("Message-ID", "")), message.message().as_bytes())
        return len(email_messages)

    def _write(self, folder: Path, name: str, content: bytes) -> None:
        """To a temporary name first, then renamed: whoever watches the folder never sees half a mail."""
        temporary = folder / f".{name}.part"
        temporary.write_bytes(content)
        temporary.replace(folder / name)


def name_of(message_id: str) -> str:
    """By the mail's own id, so that it is found when the person is erased; another one where there is none."""
    own = message_id.strip("<>").partition("@")[0]
    return f"{own if PLAIN.fullmatch(own) else uuid7()}.eml"


def forget(mail_ids: Iterable[str]) -> int:
    """Removes the files of these mails; says how many there were."""
    found = [path for own in mail_ids if (path := Path(settings.MAIL_DIR) / f"{own}.eml").exists()]
    for path in found:
        path.unlink()
    return len(found)
