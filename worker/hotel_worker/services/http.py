"""HTTP to one service: pooled connections, bounded waits, answers as models."""

from collections.abc import Mapping
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
from external_tasks.errors import TransientError
from pydantic import BaseModel, ConfigDict, ValidationError
from requests.adapters import HTTPAdapter

from hotel_worker.services.problems import to_error

CONNECT_SECONDS = 3.0


class Answer(BaseModel):
    """What a service answers with, as far as the process needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


class ServiceClient:
    """A thread-safe client of one service.

    Every call raises a HandlerError for anything but a success that can be read; see `problems.to_error`.

    Args:
        name: of the service, for messages.
        url: where it is, without a path.
        token: bearer token of its API; None where it is open.
        timeout: seconds to wait for an answer.
        pool_size: connections that are kept open.
    """

    def __init__(self, name: str, url: str, *, token: str | None, timeout: float, pool_size: int) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._timeout = (min(timeout, CONNECT_SECONDS), timeout)
        self._session = _new_session(token, pool_size)

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
        request = requests.Request("GET", self._url + path, params=dict(query or {}))
        return self._call(request, answer, task_id, {})

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
        headers = {"Idempotency-Key": task_id}
        request = requests.Request("POST", self._url + path, json=content, headers=headers)
        return self._call(request, answer, task_id, expected or {})

    def _call(
        self, request: requests.Request, answer: type[AnyAnswer], task_id: str, expected: Mapping[str, str]
    ) -> AnyAnswer:
        request.headers["X-Request-ID"] = task_id
        call = f"{self._name} service: {request.method} {request.url}"
        response = self._send(request, call)
        if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise to_error(response, call, expected)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, part["loc"])) or "body" for part in error.errors())
            raise TransientError(f"{call} answered something that cannot be read: {wrong}") from error

    def _send(self, request: requests.Request, call: str) -> requests.Response:
        prepared = self._session.prepare_request(request)
        try:
            try:
                return self._send_once(prepared)
            except requests.Timeout:
                raise
            except requests.ConnectionError:
                # A kept-alive connection may be closed by the service in the moment it is used again.
                # Nothing is done twice: the key is the same.
                return self._send_once(prepared)
        except requests.RequestException as error:
            raise TransientError(f"{call} got no answer: {_reason(error)}") from error

    def _send_once(self, prepared: requests.PreparedRequest) -> requests.Response:
        return self._session.send(prepared, timeout=self._timeout, allow_redirects=False)


def _new_session(token: str | None, pool_size: int) -> requests.Session:
    session = requests.Session()
    # The environment's proxies and .netrc are not for services next door, and reading them costs each call.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=pool_size)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    if token is not None:
        session.headers["Authorization"] = f"Bearer {token}"
    return session


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it took too long"
    # The cause's text starts with the representation of a connection, which tells nobody anything.
    return str(error).rpartition(": ")[2].rstrip("')") or type(error).__name__
