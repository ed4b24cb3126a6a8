"""Credentials and certificates for an engine, from Secrets and ConfigMaps of the scaler's namespace."""

import re
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from external_tasks.bounded_http import ClientCertificate
from external_tasks.engine.auth import Auth, BasicAuth, BearerAuth
from external_tasks.engine.oauth2 import OAuth2ClientCredentials

from external_task_operator.errors import EngineFailure, FailureKind
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.spec import (
    CertificateAuthority,
    ClientCertificateSecret,
    CredentialsSecret,
    OAuth2,
)

# RFC 6750, b64token: anything else would end, or begin, a header of its own.
_TOKEN = re.compile(r"[-A-Za-z0-9._~+/]+=*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_credentials(
    cluster: Cluster, namespace: str, ref: CredentialsSecret | None
) -> tuple[Auth | None, str]:
    """Return the credentials and a fingerprint that changes with them; None for an open API.

    Raises:
        ClusterError: the Secret cannot be read.
        EngineFailure: it lacks a key, or holds what cannot be used as credentials.
    """
    if ref is None:
        return None, ""
    values, holder = _secret(cluster, namespace, ref.name), f"Secret {ref.name}"
    if ref.token_key:
        token = _text(values, ref.token_key, holder).strip()
        if not _TOKEN.fullmatch(token):
            raise _unusable(holder, ref.token_key, "is no bearer token: letters, digits and -._~+/= only")
        return BearerAuth(token), fingerprint_of(token)
    user = _text(values, ref.username_key, holder)
    password = _text(values, ref.password_key, holder)
    if not user or ":" in user or _CONTROL.search(user):
        raise _unusable(holder, ref.username_key, "must be a user name without colons and control characters")
    if _CONTROL.search(password):
        raise _unusable(
            holder, ref.password_key, "must be a password without line breaks and control characters"
        )
    return BasicAuth(user, password), fingerprint_of(user, password)


def read_client(cluster: Cluster, namespace: str, ref: OAuth2) -> tuple[str, str]:
    """Return the client id and the client secret that an identity provider knows.

    Raises:
        ClusterError: the Secret cannot be read.
        EngineFailure: it lacks a key, or holds what cannot be used.
    """
    values, holder = _secret(cluster, namespace, ref.secret_name), f"Secret {ref.secret_name}"
    found = []
    for key in (ref.client_id_key, ref.client_secret_key):
        text = _text(values, key, holder).strip()
        if not text or _CONTROL.search(text):
            raise _unusable(holder, key, "must be a text without control characters")
        found.append(text)
    return found[0], found[1]


def token_auth(
    ref: OAuth2, client: tuple[str, str], *, timeout: float, ca_file: str | None
) -> OAuth2ClientCredentials:
    """Return what fetches tokens for a client; nothing is fetched before it is needed.

    Raises:
        EngineFailure: the URL cannot be used.
    """
    try:
        return OAuth2ClientCredentials(
            ref.token_url, *client, scope=ref.scope, audience=ref.audience, timeout=timeout, ca_file=ca_file
        )
    except ValueError as error:
        # The CRD's rules cannot tell every URL that no client understands.
        raise EngineFailure(FailureKind.INVALID_SPEC, f"spec.engine.oauth2: {error}") from error


def read_client_certificate(
    cluster: Cluster, namespace: str, ref: ClientCertificateSecret | None
) -> bytes | None:
    """Return the operator's certificate and its key, both as PEM one after the other; None for none.

    Raises:
        ClusterError: the Secret cannot be read.
        EngineFailure: it lacks a key.
    """
    if ref is None:
        return None
    values, holder = _secret(cluster, namespace, ref.secret_name), f"Secret {ref.secret_name}"
    parts = (_entry(values, key, holder) for key in (ref.certificate_key, ref.private_key_key))
    return b"\n".join(part.strip() for part in parts) + b"\n"


def client_certificate(ref: ClientCertificateSecret, file: str) -> ClientCertificate:
    """Return the certificate that was written to a file.

    Raises:
        EngineFailure: it is none, or its key is another's.
    """
    try:
        return ClientCertificate(file)
    except ValueError as error:
        message = f"Secret {ref.secret_name}: holds no certificate with its key"
        raise EngineFailure(FailureKind.CREDENTIALS_UNUSABLE, message) from error


def read_certificates(cluster: Cluster, namespace: str, ref: CertificateAuthority | None) -> bytes | None:
    """Return the PEM certificates to trust; None for the system's.

    Raises:
        ClusterError: the Secret or the ConfigMap cannot be read.
        EngineFailure: it lacks the key.
    """
    if ref is None:
        return None
    if ref.secret_name:
        return _entry(_secret(cluster, namespace, ref.secret_name), ref.key, f"Secret {ref.secret_name}")
    config_map = cluster.get(paths.config_map(namespace, ref.config_map_name or ""))
    texts = {name: text.encode() for name, text in (config_map.get("data") or {}).items()}
    return _entry(texts, ref.key, f"ConfigMap {ref.config_map_name}")


def _secret(cluster: Cluster, namespace: str, name: str) -> Mapping[str, bytes]:
    data = cluster.get(paths.secret(namespace, name)).get("data") or {}
    try:
        return {key: b64decode(value, validate=True) for key, value in data.items()}
    except (TypeError, ValueError):
        # Without the cause: it would carry the secret.
        message = f"Secret {name}: its data is not base64"
        raise EngineFailure(FailureKind.CREDENTIALS_UNUSABLE, message) from None


def _entry(values: Mapping[str, Any], key: str, holder: str) -> bytes:
    if key not in values:
        raise EngineFailure(FailureKind.CREDENTIALS_MISSING, f"{holder} has no key {key}")
    return bytes(values[key])


def _text(values: Mapping[str, Any], key: str, holder: str) -> str:
    try:
        return _entry(values, key, holder).decode()
    except UnicodeDecodeError:
        # Without the cause: it would carry the secret.
        raise _unusable(holder, key, "is not text in UTF-8") from None


def _unusable(holder: str, key: str, why: str) -> EngineFailure:
    return EngineFailure(FailureKind.CREDENTIALS_UNUSABLE, f"{holder}: key {key} {why}")


def fingerprint_of(*texts: str) -> str:
    """Return what changes with texts, and does not show them."""
    return sha256("\0".join(texts).encode()).hexdigest()
