"""How many people a stay or a table is for, and what they are called."""

from typing import Annotated

from pydantic import AfterValidator, Field

from hotel_services.kit.http.fields import CONTROL, INTEGRAL, WHOLE_NUMBER, Form

Guests = Annotated[int, Field(ge=1, le=20, description="How many people"), INTEGRAL]

PersonName = Annotated[
    str,
    Form(
        rf"^[^{CONTROL}]*[^{CONTROL}\s][^{CONTROL}]*$",
        "must hold a visible character and no control characters",
    ),
    Field(
        min_length=1,
        max_length=100,
        description="Any script; no control characters; spaces around it are dropped",
        examples=["Jean"],
    ),
    AfterValidator(str.strip),
]
"""A part of a person's name."""

QueryGuests = Annotated[int, Field(ge=1, le=20, description="How many people"), WHOLE_NUMBER]
