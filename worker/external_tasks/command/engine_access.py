"""The engine that the environment names, and how to log in to it."""

from collections.abc import Mapping
from pathlib import Path

from external_tasks.bounded_http import ClientCertificate
from external_tasks.command.errors import SettingError
from external_tasks.engine.auth import Auth
from external_tasks.engine.client import EngineClient
from external_tasks.engine.logins import choose_auth

DEFAULT_URL = "http://localhost:8080/engine-rest"

_MOST_CHARACTERS = 64 * 1024
_OAUTH2 = ("ENGINE_OAUTH2_TOKEN_URL", "ENGINE_OAUTH2_CLIENT_ID", "ENGINE_OAUTH2_CLIENT_SECRET")


def connect(environment: Mapping[str, str]) -> EngineClient:
    """Make a client by the variables whose names begin with ``ENGINE_``; docs/worker.md lists them.

    Raises:
        SettingError: one cannot be used, or two exclude each other.
    """
    values = _Values(environment)
    certificate, key = values.get("ENGINE_CERTIFICATE_FILE"), values.get("ENGINE_KEY_FILE")
    if key and not certificate:
        raise SettingError("ENGINE_KEY_FILE needs ENGINE_CERTIFICATE_FILE")
    try:
        return EngineClient(
            values.get("ENGINE_URL") or DEFAULT_URL,
            auth=_auth(values),
            ca_file=values.get("ENGINE_CA_FILE"),
            client_certificate=ClientCertificate(certificate, key) if certificate else None,
            proxy=values.get("ENGINE_PROXY"),
        )
    except ValueError as error:
        raise SettingError(f"the engine's settings (ENGINE_…) cannot be used: {error}") from error


def _auth(values: "_Values") -> Auth | None:
    user, password, token = (
        values.get("ENGINE_USER"),
        values.secret("ENGINE_PASSWORD"),
        values.secret("ENGINE_TOKEN"),
    )
    url, client_id, client_secret = values.get(_OAUTH2[0]), values.get(_OAUTH2[1]), values.secret(_OAUTH2[2])
    if bool(user) != bool(password):
        raise SettingError("set both ENGINE_USER and ENGINE_PASSWORD (or ENGINE_PASSWORD_FILE), or neither")
    if any((url, client_id, client_secret)) and not all((url, client_id, client_secret)):
        raise SettingError(f"set all of {', '.join(_OAUTH2)} (or …_SECRET_FILE), or none")
    if sum(map(bool, (user, token, url))) > 1:
        raise SettingError("set one of ENGINE_USER, ENGINE_TOKEN and ENGINE_OAUTH2_TOKEN_URL")
    return choose_auth(
        user=user,
        password=password,
        token=token or None,
        token_url=url,
        client_id=client_id,
        client_secret=client_secret,
        scope=values.get("ENGINE_OAUTH2_SCOPE"),
        audience=values.get("ENGINE_OAUTH2_AUDIENCE"),
        ca_file=values.get("ENGINE_CA_FILE"),
        proxy=values.get("ENGINE_PROXY"),
    )


class _Values:
    """Variables of an environment; an empty one counts as not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, name: str) -> str | None:
        return self._environment.get(name) or None

    def secret(self, name: str) -> str | None:
        """Return a secret, or what stands in the file that the variable with ``_FILE`` behind it names."""
        file = self.get(f"{name}_FILE")
        if file is None:
            return self.get(name)
        if self.get(name):
            raise SettingError(f"set one of {name} and {name}_FILE")
        try:
            with Path(file).open(encoding="utf-8") as opened:
                # No secret is longer, and a device has no end.
                return opened.read(_MOST_CHARACTERS).strip()
        except (OSError, UnicodeError) as error:
            raise SettingError(f"{name}_FILE={file} cannot be read: {error}") from error
