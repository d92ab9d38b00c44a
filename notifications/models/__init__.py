"""What goes out: mails, their words, follow-ups and what stops them, the consumers of webhooks."""

from notifications.models.endpoints import PING, Endpoint, all_types, public_types
from notifications.models.mails import Mail
from notifications.models.preferences import NotePreference
from notifications.models.sequences import FollowUp, Response, Sequence, Step
from notifications.models.suppressions import Suppression
from notifications.models.templates import Template, TemplateVersion
from notifications.signing import new_secret

__all__ = [
    "PING", "Endpoint", "FollowUp", "Mail", "NotePreference", "Response", "Sequence", "Step", "Suppression", "Template",
    "TemplateVersion", "all_types", "new_secret", "public_types",
]  # fmt: skip
