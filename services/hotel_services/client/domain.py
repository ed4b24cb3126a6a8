"""What a client is found by, and what is left of a client who was erased."""

import hashlib

from hotel_rules.emails import canonical_email

ERASED_NAME = "[erased]"


def email_key(email: str) -> str:
    """Return what a client is found by: a digest, equal for all spellings of an address, of one length.

    Raises:
        RuleError: The text is no e-mail address.
    """
    return hashlib.sha256(canonical_email(email).encode()).hexdigest()
