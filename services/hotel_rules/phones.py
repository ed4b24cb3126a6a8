"""Phone numbers: which are valid."""

import re

import phonenumbers

from hotel_rules.errors import RuleError

MAX_PHONE_LENGTH = 40
_FORM = re.compile(r"[+(]?[0-9][0-9 ()./-]*[0-9]")
# The most that a number has anywhere (E.164), and the fewest that a town gives out.
_NATIONAL_DIGITS = range(4, 16)


def check_phone(text: str) -> str:
    """Return the number as it is written, if it can be one.

    A number that begins with + and a country's code has to be possible there. Of any other the country is
    not known, so that its digits are counted alone.

    Raises:
        RuleError: The text is no such number.
    """
    if len(text) > MAX_PHONE_LENGTH or _FORM.fullmatch(text) is None or not _is_possible(text):
        raise RuleError("must be a phone number such as +33 1 23 45 67 89 or (555) 123-4567")
    return text


def _is_possible(text: str) -> bool:
    if not text.startswith("+"):
        return sum(character.isdigit() for character in text) in _NATIONAL_DIGITS
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False
