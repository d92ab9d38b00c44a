"""Mail addresses: one syntax check, and the normalised form that makes two spellings one person."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

# Providers that say themselves that what follows a plus is the same mailbox; Google ignores full stops, too.
TAGS_IGNORED = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com",
    "mac.com", "fastmail.com", "fastmail.fm", "proton.me", "protonmail.com", "pm.me",
}  # fmt: skip
GOOGLE = {"gmail.com", "googlemail.com"}


def normalise(address: str) -> tuple[str, str]:
    """(address as typed but tidy, key that makes it one person).

    The key is lower-case with an ASCII domain, and without what the provider is known to ignore; a tag elsewhere is
    part of the address. Look-alike letters stay different people (CVE-2019-19844).
    Raises ValueError that says what is wrong. Looks up no DNS: a request must not wait for a stranger's server.
    """
    if unicodedata.normalize("NFKC", address) != address:
        raise ValueError("The address has characters that only look like others. Type it in plain letters.")
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)  # strict: lengths, too
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return valid.normalized, _mailbox(valid.local_part.lower(), valid.ascii_domain.lower())


def key_of(text: str) -> str:
    """What makes an address one person, of whatever was typed: what is no address is only made lower-case."""
    try:
        return normalise(text.strip())[1]
    except ValueError:
        return text.strip().lower()


def _mailbox(local: str, domain: str) -> str:
    if domain in TAGS_IGNORED:
        local = local.partition("+")[0] or local
    if domain in GOOGLE:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"
