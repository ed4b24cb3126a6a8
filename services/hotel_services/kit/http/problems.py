"""Errors as problem+json (RFC 9457): what may go wrong, named once, and how it looks on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ProblemKind:
    """One way a request can fail: its HTTP status, the code that programs read, and its title."""

    status: int
    code: str
    title: str

    @property
    def type(self) -> str:
        """The problem's type URI: its paragraph on the service's own documentation page."""
        return f"/docs#{self.code}"


class FieldError(BaseModel):
    """One rejected field of a request."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="The field's name, with dots for nesting")
    message: str = Field(description="What is wrong with it")


class ProblemView(BaseModel):
    """An error answer (RFC 9457)."""

    model_config = ConfigDict(extra="forbid", title="Problem")

    type: str = Field(description="Where the problem is explained")
    title: str = Field(description="The problem in a few words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What happened in this case and what to do")
    code: str = Field(description="The problem's name for programs")
    errors: list[FieldError] | None = Field(default=None, description="The rejected fields")


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Raised to answer a request with a problem.

    Args:
        kind: Which problem it is.
        detail: A sentence for people; it must hold no personal data and no secret.
        errors: Rejected fields, if the request was at fault.
        headers: Further response headers, such as `Allow` or `Retry-After`.
    """

    kind: ProblemKind
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(f"{self.kind.code}: {self.detail}")

    def to_json(self) -> str:
        """Return the response body."""
        return ProblemView(
            type=self.kind.type,
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            code=self.kind.code,
            errors=list(self.errors) or None,
        ).model_dump_json(exclude_none=True)


MALFORMED_JSON = ProblemKind(HTTPStatus.BAD_REQUEST, "MALFORMED_JSON", "The body is not JSON")
BAD_REQUEST = ProblemKind(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "The request cannot be read")
REQUEST_TIMEOUT = ProblemKind(
    HTTPStatus.REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The request did not arrive in time"
)
UNAUTHORIZED = ProblemKind(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", "The token is missing or wrong")
NOT_FOUND = ProblemKind(HTTPStatus.NOT_FOUND, "NOT_FOUND", "It does not exist")
METHOD_NOT_ALLOWED = ProblemKind(
    HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "The path does not take this method"
)
CONTENT_TOO_LARGE = ProblemKind(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "CONTENT_TOO_LARGE", "The body is too large"
)
URI_TOO_LONG = ProblemKind(HTTPStatus.REQUEST_URI_TOO_LONG, "URI_TOO_LONG", "The address is too long")
HEADERS_TOO_LARGE = ProblemKind(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "HEADERS_TOO_LARGE", "The headers are too large"
)
UNSUPPORTED_MEDIA_TYPE = ProblemKind(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json"
)
VALIDATION_FAILED = ProblemKind(
    HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_FAILED", "Fields of the request are not valid"
)
IDEMPOTENCY_KEY_REUSED = ProblemKind(
    HTTPStatus.UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", "The key was used for another request"
)
INTERNAL_ERROR = ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "The service made a mistake")
DATABASE_UNAVAILABLE = ProblemKind(
    HTTPStatus.SERVICE_UNAVAILABLE, "DATABASE_UNAVAILABLE", "The database cannot be reached"
)
