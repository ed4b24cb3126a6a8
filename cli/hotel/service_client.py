"""Calls to the hotel's services."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import urllib3

from hotel.errors import Refused, Unreachable

_PAGE = 200
_ANSWER_SECONDS = 30.0
_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class ServiceClient:
    """One service's HTTP API.

    Args:
        url: where it answers.
        token: what it asks of its callers; None for nothing.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(timeout=_ANSWER_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.clear()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the object that a path answers with, None where there is none (404).

        Raises:
            Unreachable: the service does not answer, or not with a JSON object.
            Refused: it does not accept the token.
        """
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str) -> dict[str, Any] | None:
        """Call an operation that takes no body, and return as `get` does."""
        return self._ask("POST", path)

    def items(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page by page.

        Raises:
            Unreachable: as `get`, or the answer is no list.
            Refused: as `get`.
        """
        offset = 0
        while True:
            page = self.get(path, {**(query or {}), "limit": _PAGE, "offset": offset})
            if page is None or "items" not in page:
                raise Unreachable(f"{self._url}{path} answers with something else than a list")
            yield from page["items"]
            offset += _PAGE
            if offset >= page["total"]:
                return

    def _ask(self, method: str, path: str) -> dict[str, Any] | None:
        # Without the query, which may hold an e-mail address.
        place = f"{self._url}{path.partition('?')[0]}"
        try:
            answer = self._pool.request(method, self._url + path, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(
                f"{place} does not answer ({type(error).__name__}): is the service up?"
            ) from error
        if answer.status in _REFUSALS:
            raise Refused(f"{place} answers {answer.status}: check HOTEL_SERVICE_TOKEN")
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return _object(answer, place)


def _object(answer: urllib3.BaseHTTPResponse, place: str) -> dict[str, Any]:
    try:
        content = json.loads(answer.data)
    except ValueError as error:
        raise Unreachable(f"{place} answers {answer.status} without JSON: is it the service?") from error
    if answer.status != HTTPStatus.OK or not isinstance(content, dict):
        raise Unreachable(f"{place} answers {answer.status}: {_detail(content)}")
    return content


def _detail(content: Any) -> str:
    return str(content.get("detail", "")) if isinstance(content, dict) else "not an object"
