"""HTTP to the engine: pooled connections, limits on each response, errors of this package."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from os import PathLike
from types import TracebackType
from typing import Any, Self

import urllib3

from external_tasks import checks
from external_tasks.bounded_http import (
    MAX_JSON_DEPTH,
    MAX_RESPONSE_BYTES,
    BoundedHttp,
    ClientCertificate,
    HttpFailedError,
    NoResponseError,
    Request,
    Response,
    Route,
    retry_after,
)
from external_tasks.engine import responses
from external_tasks.engine.auth import Auth, RenewableAuth
from external_tasks.engine.headers import HeaderValue, checked_headers, checked_value
from external_tasks.engine.urls import checked_url, query
from external_tasks.errors import (
    YEAR_SECONDS,
    CredentialsUnavailable,
    EngineUnreachable,
    UnusableResponse,
    VariableError,
)


class RestClient:
    """A thread-safe client of one engine's REST API that keeps its connections open.

    Nothing is repeated behind the caller's back, with one exception: a call that is declared safe to repeat
    is sent once more when a kept-alive connection turns out to have been closed by the server. Redirects are
    not followed. A client may be made before a fork: each process opens connections of its own.

    Args:
        url: the REST API's root, e.g. ``http://localhost:8080/engine-rest``.
        auth: credentials; None for an engine with an open API.
        timeout: seconds that a call may take in all, from waiting for a free connection to the last byte of
            the answer. A long poll may take so long beyond the time that the engine holds it.
        pool_size: connections at most; a worker adds those that it needs.
        ca_file: PEM file with the certificates to trust instead of the system's.
        client_certificate: shown to an engine, or a gateway before it, that asks for one.
        proxy: URL of an HTTP or HTTPS proxy, e.g. ``http://user:password@proxy.example.com:3128``. None uses
            none, whatever the environment says; see `proxy_from_environment`.
        headers: to send with each call; a value may be a function that returns the one to use now.
        user_agent: how the client names itself.
        max_response_bytes: largest body of an answer, counted after it is decompressed.
        max_json_depth: how deeply arrays and objects of an answer may be nested.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """

    def __init__(  # noqa: PLR0913 - every keyword is one setting, documented above
        self,
        url: str,
        *,
        auth: Auth | None = None,
        timeout: float = 10.0,
        pool_size: int = 16,
        ca_file: str | PathLike[str] | None = None,
        client_certificate: ClientCertificate | None = None,
        proxy: str | None = None,
        headers: Mapping[str, HeaderValue] | None = None,
        user_agent: str = "external-tasks-python",
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        max_json_depth: int = MAX_JSON_DEPTH,
    ) -> None:
        self.url = checked_url(url)
        self.timeout = checks.positive_seconds("timeout", timeout, at_most=YEAR_SECONDS)
        if auth is not None and not callable(getattr(auth, "authorization", None)):
            raise ValueError("auth must have a method `authorization`, as BasicAuth and BearerAuth have")
        self._auth = auth
        self._user_agent = checked_value("User-Agent", user_agent)
        self._extra_headers = checked_headers(headers or {})
        self._max_depth = checks.positive_int("max_json_depth", max_json_depth)
        self._http = BoundedHttp(
            self.url,
            pool_size=pool_size,
            route=Route(ca_file, client_certificate, proxy),
            max_response_bytes=max_response_bytes,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections; the client is of no use afterwards."""
        self._http.close()

    def reserve_connections(self, count: int) -> None:
        """Add so many connections, for a worker that needs them beside what others use."""
        self._http.reserve(count)

    def release_connections(self, count: int) -> None:
        """Take back what `reserve_connections` added."""
        self._http.release(count)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the parsed JSON at a path below the root; None for an empty answer."""
        return self._json("GET", path, params=params, repeatable=True)

    def get_bytes(self, path: str) -> bytes:
        """Return what is at a path as it is, e.g. the content of a file variable."""
        return self._call("GET", path, accept="*/*", repeatable=True).body

    def post(
        self,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        *,
        repeatable: bool = False,
    ) -> Any:
        """Send a body as JSON and return the parsed answer.

        Args:
            path: below the root.
            body: anything that JSON can express; None sends nothing.
            params: the query; None values are left out.
            timeout: seconds that the call may take in all, instead of the client's.
            repeatable: sending it twice has the effect of sending it once.
        """
        return self._json("POST", path, body, params=params, timeout=timeout, repeatable=repeatable)

    def put(self, path: str, body: Any = None) -> Any:
        """Put a body as JSON and return the parsed answer."""
        return self._json("PUT", path, body, repeatable=True)

    def delete(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Delete what is at a path."""
        return self._json("DELETE", path, params=params, repeatable=True)

    def post_form(self, path: str, fields: Mapping[str, Any], timeout: float | None = None) -> Any:
        """Send a multipart form; a field is a text, or a pair of file name and content."""
        content, content_type = urllib3.encode_multipart_formdata(dict(fields))
        return self._parse(self._call("POST", path, content, content_type, timeout=timeout))

    def _without_answer(self, path: str, body: Any, *, method: str = "POST", repeatable: bool = True) -> None:
        """Send what the engine answers with 204 and nothing else."""
        response = self._call(method, path, _encoded(body), repeatable=repeatable)
        if response.status != HTTPStatus.NO_CONTENT:
            # Something before the engine has answered: whether the engine has done it is not known.
            raise UnusableResponse(
                f"{method} {self.url}{path} answered {response.status} where an engine answers 204: "
                "check that the URL leads to the engine",
                status=response.status,
            )

    def _json(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        repeatable: bool = False,
    ) -> Any:
        target = path + query(params)
        return self._parse(self._call(method, target, _encoded(body), timeout=timeout, repeatable=repeatable))

    def _parse(self, response: Response) -> Any:
        return responses.parse(response.body, self.url, self._max_depth)

    def _call(
        self,
        method: str,
        target: str,
        content: bytes | None = None,
        content_type: str = "application/json",
        *,
        accept: str = "application/json",
        timeout: float | None = None,
        repeatable: bool = False,
    ) -> Response:
        # Without its query, which may hold personal data.
        call = f"{method} {self.url}{target.partition('?')[0]}"
        headers = self._headers(accept, content_type if content is not None else None)
        request = Request(method, target, headers, content, repeatable)
        response = self._send(request, call, timeout)
        if response.status == HTTPStatus.UNAUTHORIZED and self._is_worth_another_try(headers):
            # What was refused had no effect, so it may be sent again: once, with credentials of this moment.
            headers = self._headers(accept, content_type if content is not None else None)
            response = self._send(replace(request, headers=headers), call, timeout)
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response
        raise responses.to_error(
            response.status, response.body, call, retry_after(response.headers.get("Retry-After"))
        )

    def _send(self, request: Request, call: str, timeout: float | None) -> Response:
        try:
            return self._http.send(request, self.timeout if timeout is None else timeout)
        except NoResponseError as error:
            raise EngineUnreachable(f"{call} got no answer: {error}", kind=error.kind) from error
        except HttpFailedError as error:
            raise UnusableResponse(f"{call}: {error}", kind=error.kind) from error

    def _is_worth_another_try(self, sent: Mapping[str, str]) -> bool:
        return isinstance(self._auth, RenewableAuth) and self._auth.refused(sent["Authorization"])

    def _headers(self, accept: str, content_type: str | None) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": self._user_agent}
        if content_type is not None:
            headers["Content-Type"] = content_type
        for name, value in self._extra_headers.items():
            headers[name] = value if isinstance(value, str) else _asked_for(name, value)
        if self._auth is not None:
            headers["Authorization"] = _authorization(self._auth)
        return headers


def _encoded(body: Any) -> bytes | None:
    try:
        return None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        # Not with its text, which holds the value. Said to be an outage, it would be sent again and again.
        raise VariableError(
            f"the request cannot be written as JSON ({type(error).__name__}): it holds half a surrogate "
            "pair, or what JSON has no form for"
        ) from error


def _authorization(auth: Auth) -> str:
    try:
        value = auth.authorization()
    except (CredentialsUnavailable, KeyboardInterrupt):
        raise
    except BaseException as error:
        # It may run what ends the program (SystemExit), or what is cancelled: an outage all the same.
        raise CredentialsUnavailable(
            f"{type(auth).__name__} gave no credentials ({type(error).__name__}): "
            "check the identity provider, or what gives the token"
        ) from error
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        raise CredentialsUnavailable(
            f"{type(auth).__name__} gave credentials that no header can carry: use visible ASCII characters"
        )
    return value


def _asked_for(name: str, value: Callable[[], str]) -> str:
    try:
        return checked_value(name, value())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise CredentialsUnavailable(
            f"the function for the header {name} gave none ({type(error).__name__}): check what it asks"
        ) from error
