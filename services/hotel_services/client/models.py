"""What the client service's requests and answers look like."""

from typing import Annotated, Self

from hotel_rules.emails import MAX_EMAIL_LENGTH, check_email
from hotel_rules.phones import MAX_PHONE_LENGTH, check_phone
from pydantic import ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from hotel_services.kit.http.fields import Identifier, Moment, RequestModel, ViewModel, obeying
from hotel_services.kit.http.paging import Page
from hotel_services.shared.guests import PersonName

Email = Annotated[
    str,
    obeying(check_email),
    WithJsonSchema(
        {
            "type": "string",
            "format": "idn-email",
            "maxLength": MAX_EMAIL_LENGTH,
            "description": "An e-mail address; letters of any script",
            "examples": ["jean@example.com"],
        }
    ),
]
Phone = Annotated[
    str,
    obeying(check_phone),
    WithJsonSchema(
        {
            "type": "string",
            "format": "phone",
            "maxLength": MAX_PHONE_LENGTH,
            "description": "A phone number, with + and the country's code or as it is dialled there",
            "examples": ["+33 1 23 45 67 89", "(555) 123-4567"],
        }
    ),
]


class SearchQuery(RequestModel):
    """The client to look for."""

    email: Email


class CreateRequest(RequestModel):
    """A new client."""

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
