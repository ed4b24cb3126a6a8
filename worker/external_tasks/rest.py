"""HTTP to the engine: pooled connections, bounded waits, errors of this package."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3.exceptions import EmptyPoolError, HTTPError, ProtocolError

from external_tasks import answers
from external_tasks.auth import Auth
from external_tasks.errors import EngineUnreachable

CONNECT_SECONDS = 5.0


def segment(value: str) -> str:
    """Quote a value as one segment of a path."""
    return quote(value, safe="")


class RestClient:
    """A thread-safe client of one engine's REST API that keeps its connections open.

    Nothing is repeated behind the caller's back, with one exception: a call that is declared safe to repeat
    is sent once more when a kept-alive connection turns out to have been closed by the server.

    Args:
        url: the REST API's root, e.g. ``http://localhost:8080/engine-rest``.
        auth: credentials; None for an engine with an open API.
        timeout: seconds that connecting and waiting for an answer may take.
        pool_size: connections at most; a caller waits for a free one as long as for an answer.
        ca_file: PEM file with the certificates to trust instead of the system's.
        user_agent: how the client names itself.

    Raises:
        ValueError: the URL is not http(s), or carries credentials.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: Auth | None = None,
        timeout: float = 10.0,
        pool_size: int = 16,
        ca_file: str | None = None,
        user_agent: str = "external-tasks-python",
    ) -> None:
        self.url = _checked(url)
        self.timeout = timeout
        self._auth = auth
        self._ca_file = ca_file
        self._path = urlsplit(self.url).path
        self._user_agent = user_agent
        self._pool_size = pool_size
        self._pool = self._new_pool(pool_size)

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
        self._pool.close()

    def reserve_connections(self, count: int) -> None:
        """Let so many calls be under way at once; calls that are under way are not disturbed."""
        if count > self._pool_size:
            self._pool_size = count
            self._pool = self._new_pool(count)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the parsed JSON at a path below the root; None for an empty answer."""
        return self._json("GET", path, params=params, repeatable=True)

    def get_bytes(self, path: str) -> bytes:
        """Return what is at a path as it is, e.g. the content of a file variable."""
        return self._call(_Request("GET", path, accept="*/*", repeatable=True))

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
            timeout: seconds to wait for the answer, instead of the client's.
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
        request = _Request("POST", path, content, content_type, timeout=timeout)
        return answers.parse(self._call(request), self.url)

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
        content = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        request = _Request(method, path + _query(params), content, timeout=timeout, repeatable=repeatable)
        return answers.parse(self._call(request), self.url)

    def _call(self, request: "_Request") -> bytes:
        try:
            response = self._send(request)
        except ProtocolError as error:
            if not request.repeatable:
                raise self._unreachable(request, error) from error
            response = self._send_again(request)
        except HTTPError as error:
            raise self._unreachable(request, error) from error
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response.data
        raise answers.to_error(response.status, response.data, self._describe(request))

    def _send_again(self, request: "_Request") -> urllib3.BaseHTTPResponse:
        try:
            return self._send(request)
        except HTTPError as error:
            raise self._unreachable(request, error) from error

    def _send(self, request: "_Request") -> urllib3.BaseHTTPResponse:
        seconds = self.timeout if request.timeout is None else request.timeout
        return self._pool.urlopen(
            request.method,
            self._path + request.target,
            body=request.content,
            headers=self._headers_of(request),
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=min(seconds, CONNECT_SECONDS), read=seconds),
            pool_timeout=seconds,  # type: ignore[arg-type]  # the queue below takes fractions
        )

    def _headers_of(self, request: "_Request") -> dict[str, str]:
        headers = {"Accept": request.accept, "User-Agent": self._user_agent}
        if request.content is not None:
            headers["Content-Type"] = request.content_type
        if self._auth is not None:
            headers["Authorization"] = self._auth.authorization()
        return headers

    def _unreachable(self, request: "_Request", error: HTTPError) -> EngineUnreachable:
        call = self._describe(request)
        if isinstance(error, EmptyPoolError):
            return EngineUnreachable(
                f"{call}: all {self._pool_size} connections are busy; give the client a larger pool_size",
                kind="PoolExhausted",
            )
        return EngineUnreachable(f"{call} got no answer: {_reason(error)}", kind=type(error).__name__)

    def _describe(self, request: "_Request") -> str:
        return f"{request.method} {self.url}{request.target}"

    def _new_pool(self, size: int) -> urllib3.HTTPConnectionPool:
        options: dict[str, Any] = {"ca_certs": self._ca_file} if self._ca_file else {}
        return urllib3.connection_from_url(self.url, maxsize=size, block=True, **options)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    content: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    timeout: float | None = None
    repeatable: bool = False


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the engine's URL must look like http://localhost:8080/engine-rest")
    if parts.username or parts.password:
        raise ValueError(
            "the engine's URL must not carry credentials: give them as auth=BasicAuth(user, password)"
        )
    return url.rstrip("/")


def _query(params: Mapping[str, Any] | None) -> str:
    pairs = [(name, _as_text(value)) for name, value in (params or {}).items() if value is not None]
    return "?" + urlencode(pairs) if pairs else ""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(str(part) for part in value)
    return str(value)


def _reason(error: HTTPError) -> str:
    # urllib3's texts start with the repr of its connection, which tells a user nothing.
    text = str(error)
    return text.partition(">: ")[2] or text.partition("): ")[2] or text
