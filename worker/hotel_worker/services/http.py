"""HTTP to one service: pooled connections, limits on each response, responses as models."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from external_tasks.bounded_http import BoundedHttp, HttpFailedError, Request, Response
from external_tasks.errors import TransientError
from pydantic import BaseModel, ConfigDict, ValidationError

from hotel_worker.services.calls import traced
from hotel_worker.services.problems import to_error

MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""A service's response to one call is some kilobytes: a hundred rooms at most."""


class Answer(BaseModel):
    """What a service answers with, as far as the process needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


class ServiceClient:
    """A thread-safe client of one service.

    Every call raises a HandlerError for anything but a success that can be read; see `problems.to_error`. A
    call is repeated once where a kept-alive connection was closed: nothing is done twice, as the idempotency
    key is the same. Redirects are not followed, and neither proxies nor .netrc of the environment are used.

    Args:
        name: of the service, for messages.
        url: where it is, without a path.
        token: bearer token of its API; None where it is open.
        timeout: seconds that a call may take in all, to the last byte of its response.
        pool_size: connections that are kept open.
        max_response_bytes: largest body of a response, decompressed.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        token: str | None,
        timeout: float,
        pool_size: int,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._headers = {"Accept": "application/json", "User-Agent": "hotel-worker"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._http = BoundedHttp(self._url, pool_size=pool_size, max_response_bytes=max_response_bytes)

    def get(
        self, path: str, answer: type[AnyAnswer], *, task_id: str, query: Mapping[str, Any] | None = None
    ) -> AnyAnswer:
        """Read something.

        Args:
            path: with its leading slash.
            answer: the model of the answer.
            task_id: the external task on whose behalf it is read; the request's id in the service's logs.
            query: parameters; None values are left out.
        """
        pairs = [(name, value) for name, value in (query or {}).items() if value is not None]
        target = f"{path}?{urlencode(pairs)}" if pairs else path
        request = Request("GET", target, self._headers | {"X-Request-ID": task_id}, repeatable=True)
        return self._call(request, path, answer, {})

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        answer: type[AnyAnswer],
        *,
        task_id: str,
        expected: Mapping[str, str] | None = None,
    ) -> AnyAnswer:
        """Change something, once in effect however often the task is tried.

        Args:
            path: with its leading slash.
            body: as JSON; None values are left out.
            answer: the model of the answer.
            task_id: the external task; the request's id and its idempotency key.
            expected: BPMN error codes by the problem codes that the process has a path for.
        """
        content = {name: value for name, value in body.items() if value is not None}
        headers = {"X-Request-ID": task_id, "Idempotency-Key": task_id, "Content-Type": "application/json"}
        encoded = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        request = Request("POST", path, self._headers | headers, encoded, repeatable=True)
        return self._call(request, path, answer, expected or {})

    def _call(
        self, request: Request, path: str, answer: type[AnyAnswer], expected: Mapping[str, str]
    ) -> AnyAnswer:
        # The path alone: a query may hold an e-mail address, and messages go to the engine and the log.
        call = f"{self._name} service: {request.method} {self._url}{path}"
        response = self._send(request, call)
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise to_error(response, call, expected)
        try:
            return answer.model_validate_json(response.body)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, part["loc"])) or "body" for part in error.errors())
            # Without its cause, whose text shows the input.
            raise TransientError(f"{call} gave an unusable response: check {wrong}") from None

    def _send(self, request: Request, call: str) -> Response:
        try:
            with traced(self._name, request) as sent:
                return self._http.send(sent, self._timeout)
        except HttpFailedError as error:
            raise TransientError(f"{call} gave no response: {error}") from error
