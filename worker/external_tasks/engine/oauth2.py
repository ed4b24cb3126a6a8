"""Tokens by OAuth2's client credentials (RFC 6749, section 4.4)."""

import os
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from os import PathLike
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

from external_tasks import checks
from external_tasks.bounded_http import (
    BoundedHttp,
    ClientCertificate,
    HttpFailedError,
    Request,
    Response,
    Route,
    parse_json,
    retry_after,
)
from external_tasks.engine.auth import is_token
from external_tasks.engine.urls import checked_url
from external_tasks.errors import YEAR_SECONDS, CredentialsUnavailable

MAX_ANSWER_BYTES = 256 * 1024
MAX_ANSWER_DEPTH = 20
DEFAULT_LIFE_SECONDS = 300.0
"""How long a token is used whose answer does not say how long it lives."""

MAX_LIFE_SECONDS = 86_400.0
EARLY_SHARE = 0.2
"""A token is replaced when less than this share of its life is left: it may also end on the way."""

EARLY_SECONDS = 60.0
"""And not earlier than so long before its end."""

PAUSE_SECONDS = 1.0
"""After a failure the identity provider is left alone for so long, or for as long as it asks."""

REFUSED_PAUSE_SECONDS = 5.0
"""Tokens that the engine refuses are replaced no more often."""

_EXAMPLE = "https://login.example.com/realms/shop/protocol/openid-connect/token"
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_WAYS = ("header", "body")


@dataclass(frozen=True)
class _Token:
    header: str = field(repr=False)
    replace_at: float
    ends_at: float


class OAuth2ClientCredentials:
    """Credentials for the engine that an identity provider gives for a client's id and secret.

    The token is fetched before it ends, by one thread for all, and used until then even if the provider is
    unreachable. A token that the engine refuses with 401 is replaced, and the call sent once more. Without a
    token that is alive, calls raise `CredentialsUnavailable`, which a worker takes as an outage.

    May be made before a fork.

    Args:
        token_url: the provider's token endpoint.
        client_id: who asks.
        client_secret: what proves it.
        scope: what the token is to allow, a text with spaces or a list.
        audience: for whom the token is, where the provider asks for it.
        parameters: more fields of the request, e.g. ``{"resource": "…"}``.
        send_secret: where the provider looks for id and secret: in the Authorization ``header``, or in
            the ``body``.
        timeout: seconds that a request for a token may take in all.
        ca_file: PEM file with the certificates to trust instead of the system's.
        client_certificate: shown to the provider if it asks for one.
        proxy: URL of the proxy to the provider; None uses none.
        clock: seconds that never go back.

    Raises:
        ValueError: an argument cannot be used; no message shows the secret.
    """

    def __init__(  # noqa: PLR0913 - every keyword is one setting, documented above
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str | Sequence[str] | None = None,
        audience: str | None = None,
        parameters: Mapping[str, str] | None = None,
        send_secret: Literal["header", "body"] = "header",  # noqa: S107 - it says where the secret goes
        timeout: float = 10.0,
        ca_file: str | PathLike[str] | None = None,
        client_certificate: ClientCertificate | None = None,
        proxy: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = checked_url(token_url, "token_url", _EXAMPLE)
        self._client_id = checks.text("client_id", client_id)
        if not checks.secret("client_secret", client_secret):
            raise ValueError("client_secret must not be empty")
        checks.one_of("send_secret", send_secret, _WAYS)
        self._request = _request(client_id, client_secret, _fields(scope, audience, parameters), send_secret)
        self._timeout = checks.positive_seconds("timeout", timeout, at_most=YEAR_SECONDS)
        self._http = BoundedHttp(
            self._url,
            pool_size=1,
            route=Route(ca_file, client_certificate, proxy),
            max_response_bytes=MAX_ANSWER_BYTES,
        )
        self._clock = clock
        self._pid = os.getpid()
        self._fetching = threading.Lock()
        self._token: _Token | None = None
        self._failure: CredentialsUnavailable | None = None
        self._ask_again_at = self._refuse_again_at = clock()

    def __repr__(self) -> str:
        return f"OAuth2ClientCredentials({self._url!r}, {self._client_id!r})"

    def authorization(self) -> str:
        """Return the header's value; fetches a token where there is none, or it ends soon.

        Raises:
            CredentialsUnavailable: there is no token that is alive, and the provider gives none.
        """
        if self._pid != os.getpid():
            # A fork may have copied a lock that another thread held; its token is as good as the parent's.
            self._pid, self._fetching = os.getpid(), threading.Lock()
        token = self._token
        if token is None or self._clock() >= token.ends_at:
            with self._fetching:
                return self._alive().header
        if self._clock() >= token.replace_at and self._fetching.acquire(blocking=False):
            try:
                return self._replaced_early(token).header
            finally:
                self._fetching.release()
        return token.header

    def refused(self, authorization: str) -> bool:
        """Hear that the engine answered 401 to a header; return whether the next one is worth another try."""
        with self._fetching:
            token, now = self._token, self._clock()
            if token is None or token.header != authorization:
                return True
            if now < self._refuse_again_at:
                return False
            self._refuse_again_at = now + REFUSED_PAUSE_SECONDS
            self._token = None
            return True

    def _alive(self) -> _Token:
        """Return a token that is alive; the lock is held, and another thread may have fetched one."""
        token, now = self._token, self._clock()
        if token is not None and now < token.ends_at:
            return token
        if self._failure is not None and now < self._ask_again_at:
            # Those who waited for the one that asked hear what it heard.
            failed = self._failure
            raise CredentialsUnavailable(
                str(failed), status=failed.status, kind=failed.kind, retry_after=self._ask_again_at - now
            )
        return self._fetch()

    def _replaced_early(self, token: _Token) -> _Token:
        if self._token is not token or self._clock() < self._ask_again_at:
            return self._token or token
        try:
            return self._fetch()
        except CredentialsUnavailable:
            # The one at hand is alive; the next call after a pause asks again.
            return token

    def _fetch(self) -> _Token:
        began = self._clock()
        try:
            response = self._http.send(self._request, self._timeout)
            token = self._token = _read_token(response, self._url, began)
        except HttpFailedError as error:
            failure = CredentialsUnavailable(f"{self._url} gave no token: {error}", kind=error.kind)
            raise self._noted(failure) from error
        except CredentialsUnavailable as error:
            raise self._noted(error) from None
        self._failure = None
        return token

    def _noted(self, error: CredentialsUnavailable) -> CredentialsUnavailable:
        self._failure = error
        self._ask_again_at = self._clock() + max(PAUSE_SECONDS, error.retry_after or 0.0)
        return error


def _fields(
    scope: str | Sequence[str] | None, audience: str | None, parameters: Mapping[str, str] | None
) -> dict[str, str]:
    fields = {"grant_type": "client_credentials"}
    if scope is not None:
        fields["scope"] = checks.text(
            "scope", scope if isinstance(scope, str) else " ".join(checks.texts("scope", scope))
        )
    if audience is not None:
        fields["audience"] = checks.text("audience", audience)
    for name, value in checks.variables("parameters", parameters or {}).items():
        if name in {*fields, "client_id", "client_secret"}:
            raise ValueError(f"parameters must not hold {name!r}: it has an argument of its own")
        fields[name] = checks.text(f"parameters[{name!r}]", value)
    return fields


def _request(client_id: str, client_secret: str, fields: dict[str, str], send_secret: str) -> Request:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if send_secret == "header":  # noqa: S105 - it says where the secret goes
        # RFC 6749, section 2.3.1: both parts are written as a form writes them, then joined.
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode('ascii')}"
    else:
        fields |= {"client_id": client_id, "client_secret": client_secret}
    return Request("POST", "", headers, urlencode(fields).encode(), repeatable=True)


def _read_token(response: Response, url: str, began: float) -> _Token:
    """Read an answer of RFC 6749, section 5; no message shows more of it than its error code."""
    try:
        answer = parse_json(response.body, MAX_ANSWER_DEPTH)
    except ValueError:
        answer = None
    if response.status != HTTPStatus.OK:
        raise CredentialsUnavailable(
            f"{url} answered {response.status}{_error_code(answer)}{_advice(response.status, answer)}",
            status=response.status,
            retry_after=retry_after(response.headers.get("Retry-After")),
        )
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not is_token(token):
        raise CredentialsUnavailable(f"{url} answered without an access_token: check that token_url is right")
    kind = answer.get("token_type") or "Bearer"
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise CredentialsUnavailable(f"{url} gave a token that is no bearer token: ask for one")
    life = _life(answer.get("expires_in"), url)
    return _Token(f"Bearer {token}", began + life - min(life * EARLY_SHARE, EARLY_SECONDS), began + life)


def _life(seconds: Any, url: str) -> float:
    if seconds is None:
        return DEFAULT_LIFE_SECONDS
    # Some providers write the number as a text.
    text = str(seconds) if isinstance(seconds, int | float | str) and not isinstance(seconds, bool) else ""
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text) or float(text) <= 0:
        raise CredentialsUnavailable(f"{url} gave a token whose expires_in is no number of seconds above 0")
    return min(float(text), MAX_LIFE_SECONDS)


def _error_code(answer: Any) -> str:
    code = answer.get("error") if isinstance(answer, dict) else None
    return f" {code}" if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""


def _advice(status: int, answer: Any) -> str:
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED} and isinstance(answer, dict):
        return ": check client_id, client_secret, scope and send_secret"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return ": a redirect; give the provider's final URL"
    return " and no token"
