"""The optional bearer token between the worker and the services."""

import hmac

from flask import Flask, request
from pydantic import SecretStr

from hotel_services.kit.http.problems import UNAUTHORIZED, Problem

PROTECTED = "/api/"


def install(app: Flask, token: SecretStr | None) -> None:
    """Refuse requests under /api that do not carry the token; without a token all are let in."""
    if token is None:
        return
    expected = token.get_secret_value().encode()

    def check() -> None:
        if not request.path.startswith(PROTECTED):
            return
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        # Headers are latin-1 text in WSGI; a comparison in constant time gives nothing away by its duration.
        is_right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), expected)
        if scheme.lower() != "bearer" or not is_right:
            raise Problem(
                UNAUTHORIZED,
                "Send Authorization: Bearer with the service's token",
                headers={"WWW-Authenticate": "Bearer"},
            )

    app.before_request(check)
