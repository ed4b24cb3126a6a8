"""The optional bearer token between the worker and the services."""

import hmac

from flask import Flask, request
from pydantic import SecretStr

from hotel_services.kit.problems import UNAUTHORIZED, Problem

PROTECTED = "/api/"


def install(app: Flask, token: SecretStr | None) -> None:
    """Refuse requests under /api that do not carry the token; without a token all are let in."""
    if token is None:
        return
    expected = f"Bearer {token.get_secret_value()}".encode()

    def check() -> None:
        if not request.path.startswith(PROTECTED):
            return
        # Headers are latin-1 text in WSGI; a comparison in constant time tells nothing by how long it takes.
        given = request.headers.get("Authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, expected):
            raise Problem(
                UNAUTHORIZED,
                "Send Authorization: Bearer with the service's token",
                headers={"WWW-Authenticate": "Bearer"},
            )

    app.before_request(check)
