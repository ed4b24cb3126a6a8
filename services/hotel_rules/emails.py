"""E-mail addresses: which are valid, and which are the same."""

import unicodedata

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from hotel_rules.errors import RuleError

MAX_EMAIL_LENGTH = 254


def check_email(text: str) -> str:
    """Return the address as it is written, if it is one.

    Addresses of any script are valid (RFC 6531). Quoted names, IP addresses and domains that are reserved for
    other uses are not. No server is asked whether the address exists.

    Raises:
        RuleError: The text is no such address.
    """
    _read(text)
    return text


def canonical_email(text: str) -> str:
    """Return the form in which two spellings of one address are equal.

    Domains are compared as IDNA 2008 has it (UTS 46), so that "straße.example" and "strasse.example" are two.
    In the part before the @, case and the way a character is composed (NFC) make no difference. Everything
    else does: one person's data must not be given to another.

    Raises:
        RuleError: The text is no address.
    """
    address = _read(text)
    local = unicodedata.normalize("NFC", address.local_part.lower())
    return f"{local}@{(address.ascii_domain or address.domain).lower()}"


def _read(text: str) -> ValidatedEmail:
    try:
        return validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        # The library's message may quote the address, which is personal data.
        raise RuleError("must be an e-mail address such as jean@example.com") from None
