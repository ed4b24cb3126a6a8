"""Guests for bookings whose data names nobody: the same row is always the same guest."""

from dataclasses import dataclass

_FIRST_NAMES = (
    "Jean",
    "María",
    "Zoë",
    "Åsa",
    "Łukasz",
    "José",
    "Chloé",
    "Jürgen",
    "Nuno",
    "Ana",
    "Seán",
    "İpek",
)
_LAST_NAMES = (
    "Martin",
    "García",
    "Müller",
    "Ångström",
    "O'Brien",
    "de Almeida",
    "Núñez",
    "Kowalski",
    "Lefèvre",
    "Smith-Jones",
    "Þórsson",
)
# Every guest comes twice, so that clients are found as well as made.
_ROWS_PER_GUEST = 2


@dataclass(frozen=True)
class Guest:
    """Somebody who books."""

    first_name: str
    last_name: str
    email: str


def guest_of(line: int) -> Guest:
    """Return the guest of a line of the file."""
    number = line // _ROWS_PER_GUEST
    return Guest(
        first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
        last_name=_LAST_NAMES[number % len(_LAST_NAMES)],
        email=f"guest-{number}@example.com",
    )
