"""Operations: the one declaration from which routes, checks and the OpenAPI document are made."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from sqlalchemy.orm import Session

from hotel_services.kit.http.fields import RequestModel
from hotel_services.kit.http.problems import ProblemKind
from hotel_services.kit.settings import ServiceSettings

_PATH_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Answer:
    """What a handler answers with when a plain model (status 200) does not say enough.

    Args:
        body: The model that is sent as JSON.
        status: The HTTP status; the operation must declare it.
        subject: Whom the answer is about, if it holds personal data: an answer that is kept for an
            Idempotency-Key can then be found when that person's data are erased.
    """

    body: BaseModel
    status: int = HTTPStatus.OK
    subject: str | None = None


Handler = Callable[..., BaseModel | Answer]


class NoQuery(RequestModel):
    """The query of an operation that takes none: any parameter is refused."""


@dataclass(frozen=True)
class Operation:
    """One method on one path."""

    method: str
    path: str
    handler: Handler
    answers: Mapping[int, type[BaseModel]]
    problems: Sequence[ProblemKind]
    body: type[BaseModel] | None
    query: type[BaseModel]
    path_parameters: Mapping[str, TypeAdapter[Any]]
    wants: frozenset[str]
    scrubs: bool = False
    """Whether what was overwritten is also taken out of the database's files before the answer."""

    @property
    def name(self) -> str:
        """The operation's id in the OpenAPI document."""
        return self.handler.__name__

    @property
    def writes(self) -> bool:
        """Whether it runs in a writing transaction."""
        return self.method != "GET"

    @property
    def idempotent_by_key(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return self.method == "POST"

    @property
    def rule(self) -> str:
        """The path in Flask's notation."""
        return _PATH_PARAMETER.sub(r"<\1>", self.path)

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or self.name).partition("\n")[0]

    @property
    def description(self) -> str:
        """The handler's docstring after its first line."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[2].strip()


@dataclass
class Api:
    """The operations of one service under one path prefix.

    A handler is a plain function whose parameters are named by what they hold: `session` (a SQLAlchemy
    session inside the request's transaction), `body` and `query` (pydantic models), `settings`, and the
    path's own parameters. It returns a model or an `Answer`, or raises a `Problem`. It may be run again
    when the database asks for it, so its only effects are those in the session.
    """

    prefix: str
    operations: list[Operation] = field(default_factory=list)

    def get(
        self, path: str, *, answers: type[BaseModel], problems: Sequence[ProblemKind] = ()
    ) -> Callable[[Handler], Handler]:
        """Declare a reading operation."""
        return self._declare("GET", path, {HTTPStatus.OK: answers}, problems)

    def post(
        self,
        path: str,
        *,
        answers: Mapping[int, type[BaseModel]],
        problems: Sequence[ProblemKind] = (),
        scrubs: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a writing operation, which takes an Idempotency-Key."""
        return self._declare("POST", path, answers, problems, scrubs=scrubs)

    def patch(
        self, path: str, *, answers: type[BaseModel], problems: Sequence[ProblemKind] = ()
    ) -> Callable[[Handler], Handler]:
        """Declare a partial update."""
        return self._declare("PATCH", path, {HTTPStatus.OK: answers}, problems)

    def _declare(
        self,
        method: str,
        path: str,
        answers: Mapping[int, type[BaseModel]],
        problems: Sequence[ProblemKind],
        *,
        scrubs: bool = False,
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            operation = _read(method, self.prefix + path, handler, answers, problems)
            self.operations.append(dataclasses.replace(operation, scrubs=scrubs))
            return handler

        return register


def _read(
    method: str,
    path: str,
    handler: Handler,
    answers: Mapping[int, type[BaseModel]],
    problems: Sequence[ProblemKind],
) -> Operation:
    """Make the operation from the handler's annotations.

    Raises:
        TypeError: The handler asks for something that a request does not have.
    """
    hints = typing.get_type_hints(handler, include_extras=True)
    hints.pop("return", None)
    in_path = set(_PATH_PARAMETER.findall(path))
    if unknown := set(hints) - in_path - {"session", "body", "query", "settings"}:
        raise TypeError(f"{handler.__name__} asks for {', '.join(sorted(unknown))}, which no request has")
    return Operation(
        method=method,
        path=path,
        handler=handler,
        answers=answers,
        problems=problems,
        body=hints.get("body"),
        query=hints.get("query", NoQuery),
        path_parameters={name: TypeAdapter(hints[name]) for name in sorted(in_path)},
        wants=frozenset(hints),
    )


def run(
    operation: Operation, session: Session, settings: ServiceSettings, arguments: Mapping[str, Any]
) -> Answer:
    """Call the operation's handler with what it asks for."""
    given = {"session": session, "settings": settings, **arguments}
    result = operation.handler(**{name: given[name] for name in operation.wants})
    return result if isinstance(result, Answer) else Answer(result)
