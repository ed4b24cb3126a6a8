"""The credentials that settings stand for."""

from os import PathLike

from external_tasks.engine.auth import Auth, BasicAuth, BearerAuth
from external_tasks.engine.oauth2 import OAuth2ClientCredentials


def choose_auth(  # noqa: PLR0913 - every keyword is one setting
    *,
    user: str | None,
    password: str | None,
    token: str | None,
    token_url: str | None,
    client_id: str | None,
    client_secret: str | None,
    scope: str | None,
    audience: str | None,
    ca_file: str | PathLike[str] | None,
    proxy: str | None,
) -> Auth | None:
    """Return the credentials of the one way to log in that is set; None where none is.

    The reader of the settings refuses two ways at once, or half of one, by the settings' own names.

    Args:
        user: of the engine.
        password: that user's.
        token: a bearer token.
        token_url: token endpoint of an identity provider.
        client_id: who asks there.
        client_secret: what proves it.
        scope: to ask for there.
        audience: to ask for there.
        ca_file: PEM file with the certificates to trust for the provider.
        proxy: URL of the proxy to the provider.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """
    if token_url and client_id and client_secret:
        return OAuth2ClientCredentials(
            token_url,
            client_id,
            client_secret,
            scope=scope,
            audience=audience,
            ca_file=ca_file,
            proxy=proxy,
        )
    if token is not None:
        return BearerAuth(token)
    return BasicAuth(user, password) if user is not None and password is not None else None
