"""What an installation starts with: questionnaire, mail templates, follow-ups, firm; for a demo, three advisors."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError

from assessments import services as assessments
from assessments.words import BY_ENGAGEMENT
from intake.models import Firm
from notifications import sequences
from notifications.models import Template
from scheduling.models import Advisor

DEMO_FIRM = {
    "name": "Truegap Consulting",
    "address": "12 Harbour Street, Dublin, Ireland",
    "reply_to": "hello@truegap.example",
    "privacy_url": "https://truegap.example/privacy",
    "imprint_url": "https://truegap.example/imprint",
    "timezone": "Europe/Dublin",
}
DEMO_ADVISORS = (
    {
        "name": "Maya Okafor",
        "title": "Fractional CTO",
        "email": "maya@truegap.example",
        "cto_depth": 3,
        "ai_depth": 0,
        "timezone": "Europe/London",
        "bio": "Has built engineering teams for twenty years and led two companies through due diligence.",
        "join_url": "https://meet.truegap.example/maya",
    },
    {
        "name": "Jonas Lindqvist",
        "title": "Fractional AI officer",
        "email": "jonas@truegap.example",
        "cto_depth": 0,
        "ai_depth": 3,
        "timezone": "Europe/Stockholm",
        "bio": "Takes AI from pilots to daily work: strategy, governance, training, and proof of what it returns.",
        "join_url": "https://meet.truegap.example/jonas",
    },
    {
        "name": "Priya Raman",
        "title": "Fractional CTO and AI officer",
        "email": "priya@truegap.example",
        "cto_depth": 2,
        "ai_depth": 2,
        "timezone": "America/New_York",
        "bio": "Was CTO of a logistics company and then its head of AI; carries both roles in smaller firms.",
        "join_url": "https://meet.truegap.example/priya",
    },
)


def load(*, now: datetime) -> None:
    """Loads what every installation needs. Safe to run at every start: what staff changed stays.

    FIRM_* variables that are set win over the admin, because they are what the operator wrote down.
    """
    assessments.publish_default(now=now)
    for engagement in BY_ENGAGEMENT:
        Template.objects.get_or_create(engagement=engagement)
    sequences.load_defaults(now=now)
    named = {field: value for field, value in settings.FIRM_SEED.items() if value}
    firm, _ = Firm.objects.get_or_create(pk=1)
    for field, value in named.items():
        setattr(firm, field, value)
    try:
        firm.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise ImproperlyConfigured(f"FIRM_{field.upper()}: {messages[0]}") from error
    firm.save()


def load_demo(*, now: datetime) -> None:
    """The demo firm and its three advisors: one for technology, one for AI, one strong in both."""
    Firm.objects.get_or_create(pk=1, defaults=DEMO_FIRM)
    load(now=now)
    if not Advisor.objects.exists():
        Advisor.objects.bulk_create(Advisor(**advisor) for advisor in DEMO_ADVISORS)
