"""Mail addresses: one syntax check, and the normalised form that makes two spellings one person."""

import unicodedata

from email_validator import EmailNotValidError, validate_email


def normalise(address: str) -> tuple[str, str]:
    """(address as typed but tidy, key that makes it one person).

    The key is lower-case with an ASCII domain; look-alike letters stay different people (CVE-2019-19844).
    Raises ValueError that says what is wrong. Looks up no DNS: a request must not wait for a stranger's server.
    """
    if unicodedata.normalize("NFKC", address) != address:
        raise ValueError("The address has characters that only look like others. Type it in plain letters.")
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)  # strict: lengths, too
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return valid.normalized, f"{valid.local_part}@{valid.ascii_domain}".lower()
