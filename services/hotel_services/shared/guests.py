"""How many people a stay or a table is for, and what they are called."""

from typing import Annotated

from hotel_rules.names import MAX_NAME_LENGTH, NAME_PATTERN
from pydantic import AfterValidator, Field

from hotel_services.kit.http.fields import INTEGRAL, WHOLE_NUMBER, Form

Guests = Annotated[int, Field(ge=1, le=20, description="How many people"), INTEGRAL]

PersonName = Annotated[
    str,
    # Before the form: as a rule of text, its message speaks of characters.
    Field(
        min_length=1,
        max_length=MAX_NAME_LENGTH,
        description="Any script; no control characters; spaces around it are dropped",
        examples=["Jean"],
    ),
    Form(NAME_PATTERN, "must hold a visible character and no control characters"),
    AfterValidator(str.strip),
]
"""A part of a person's name."""

QueryGuests = Annotated[int, Field(ge=1, le=20, description="How many people"), WHOLE_NUMBER]
