"""Who is to be erased: what a data protection officer knows, and what leads to all of the person's data."""

import unicodedata
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wanted:
    """What is known of the person; exactly one of these is given.

    Attributes:
        email: the e-mail address.
        client_id: the client's id in the client service.
        reference: the reference of one of the person's reservations.
    """

    email: str | None = field(default=None, repr=False)
    client_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Person:
    """By what the person's data is found.

    Attributes:
        emails: e-mail addresses in the form of `email_form`.
        client_ids: ids in the client service; several where the person came again after an erasure.
    """

    emails: frozenset[str] = field(default=frozenset(), repr=False)
    client_ids: frozenset[str] = frozenset()


def email_form(email: str) -> str:
    """Return an address in the form in which two spellings of one address are equal.

    Case and compatible characters do not count. It errs on the side of two persons: what it does not bring
    together is found by the client's id, which the client service decides on.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).lower())
