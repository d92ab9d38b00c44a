"""Which role somebody asks for by name: “we need a CTO”, “wir suchen einen KI-Beauftragten”.

Pure. Patterns do here, where they fail for gaps: the question is not what somebody needs but what they call it.
All patterns are of folded text: without accents and case.
"""

import re

from assessments.reading import text

ASKS = "|".join((
    r"need(?:s|ing)?|look(?:ing|s)? for|want(?:s|ed)?|hir(?:e|es|ing)|find(?:ing)?|search(?:ing)? for|seek(?:s|ing)?",
    r"ask(?:s|ed|ing)? for|told to get|get us|send us|interested in|request(?:s|ing)?|would like",
    r"brauch(?:e|en|t)|benotigen|such(?:e|en|t)|gesucht",
    r"cherch(?:e|ons|ent)|recherch(?:e|ons)|besoin d|voudr\w+",
    r"busca(?:mos|n)?|necesita(?:mos|n)?|precisa(?:mos)?|procura(?:mos)?",
    r"cerc(?:o|hiamo|ano)|serve|zoek(?:en|t)?|nodig|soker|behover|leter|szuka(?:my)?|potrzebuje(?:my)?",
))  # fmt: skip
PART_TIME = r"(?:fractional |part[- ]time |interim |external |virtual |v)?"
CTO = "|".join((
    r"ctos?|chief technology officers?|(?:head|director|chief|vp) of (?:it|tech|technology|engineering)",
    r"technolog(?:y|ical) (?:head|director|chief|officer)|technical (?:head|director|lead)",
    r"it[- ]leit(?:er|ung)|technikchef|directeur technique|dsi|director tecnico|direttore tecnico",
    r"technisch directeur|hoofd it|teknikchef|dyrektora? (?:it|techniczn\w+)",
))  # fmt: skip
AI = "|".join((
    r"caios?|chief ai officers?|(?:head|director|chief|vp) of ai|ai (?:head|leads?|director|chief|executive|officers?)",
    r"(?:ki|ai)[- ](?:beauftragte\w*|verantwortliche\w*|chef\w*|leit\w+)|hoofd ai|ai[- ]ansvarig",
    r"(?:responsable|directeur|directrice|director\w*|direttore|responsabile) (?:de l'|de |della |di )?ia",
))  # fmt: skip
NOT = re.compile(
    r"\b(?:not|no|never|without|instead of|rather than|kein\w*|nicht|pas|sin|non|geen|niet|inte|nie)\b|n't\b"
)
NEAR = r"[^.;]{0,60}?"  # between the asking and the role
BEFORE = 12  # characters before the asking in which a "not" still means it

PATTERNS = {
    role: re.compile(rf"\b(?:{ASKS})\b{NEAR}\b(?P<role>{PART_TIME}(?:{names}))\b")
    for role, names in (("cto", CTO), ("ai", AI))
}  # fmt: skip


def asked_for(message: str) -> str | None:
    """cto, ai or both where the message asks for a role by its name, else None."""
    found = {role for sentence in text.sentences(message) for role in _roles(text.fold(sentence))}
    return "both" if len(found) > 1 else next(iter(found), None)


def _roles(sentence: str) -> set[str]:
    matches = {role: pattern.search(sentence) for role, pattern in PATTERNS.items()}
    return {
        role
        for role, match in matches.items()
        if match and not NOT.search(sentence, max(0, match.start() - BEFORE), match.start("role"))
    }
