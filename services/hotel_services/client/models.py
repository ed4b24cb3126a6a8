"""What the client service's requests and answers look like."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hotel_services.kit.fields import CONTROL, Identifier, Moment, PersonName, RequestModel, ViewModel
from hotel_services.kit.paging import Page

# Not all of RFC 5322, which allows quotes and comments that nobody has; letters of any script are welcome.
_LOCAL = rf"[^{CONTROL}\s@\"(),:;<>\[\\\]]{{1,64}}"
_LABEL = rf"[^{CONTROL}\s!-,.:-@\[-`{{-~/]+"

Email = Annotated[
    str,
    Field(
        min_length=6,
        max_length=254,
        pattern=rf"^{_LOCAL}@({_LABEL}\.)+{_LABEL}$",
        description="A mail address; letters of any script",
        examples=["jean@example.com"],
    ),
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()./-]{2,38}[0-9]$", examples=["+33 1 23 45 67 89"])]


class SearchQuery(RequestModel):
    """Whom to look for."""

    email: Email


class CreateRequest(RequestModel):
    """A client as they introduce themselves."""

    first_name: PersonName
    last_name: PersonName
    email: Email
    phone: Phone | None = None


class UpdateRequest(RequestModel):
    """What changes; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    # Made by a factory, the empty text of a field that is left out shows in no schema.
    first_name: PersonName = Field(default_factory=str)
    last_name: PersonName = Field(default_factory=str)
    email: Email = Field(default_factory=str)
    phone: Phone | None = Field(default=None, description="null removes it")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty", "name at least one field")
        return self


class ClientView(ViewModel):
    """A client."""

    client_id: Identifier
    first_name: str
    last_name: str
    email: str | None = Field(description="As the client wrote it; null after an erasure")
    phone: str | None
    created_at: Moment
    erased_at: Moment | None = Field(description="When the personal data were erased")


class SearchView(ViewModel):
    """Whether there is such a client."""

    found: bool
    client: ClientView | None


ClientPage = Page[ClientView]
