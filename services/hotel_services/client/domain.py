"""When two e-mail addresses are the same, and what is left of a client who was erased."""

import hashlib
import unicodedata

ERASED_NAME = "[erased]"


def canonical_email(email: str) -> str:
    """Return the form in which equal addresses are equal: compatible characters and case are one.

    Folding case can make characters that compose anew, so the text is normalised on both sides of it.
    """
    folded = unicodedata.normalize("NFKC", email).casefold()
    return unicodedata.normalize("NFKC", folded)


def email_key(email: str) -> str:
    """Return what a client is found by: a digest, of one length however much the canonical form grew."""
    return hashlib.sha256(canonical_email(email).encode()).hexdigest()
