"""Connections to the engines: one per engine and credentials, whatever the number of scalers."""

import tempfile
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from external_tasks.auth import Auth, BasicAuth, BearerAuth
from external_tasks.engine import EngineClient
from external_tasks.errors import EngineError

from external_task_operator import paths, visibility
from external_task_operator.cluster import Cluster
from external_task_operator.errors import ClusterError, EngineFailure, FailureKind, Missing
from external_task_operator.observation import Failure
from external_task_operator.spec import CertificateAuthority, CredentialsSecret, EngineRef

_CREDENTIALS_SECONDS = 60.0
_GRANTED_SECONDS = 300.0
_NOT_GRANTED_SECONDS = 30.0


def key_of(namespace: str, ref: EngineRef) -> str:
    """Name an engine connection; scalers with the same key share their queries.

    Where a Secret or a ConfigMap is involved, it is the one of the scaler's namespace.
    """
    own = namespace if ref.credentials_secret or ref.ca else ""
    return f"{own}|{ref.model_dump_json(exclude={'process_definition_keys'})}"


@dataclass
class _Connection:
    client: EngineClient
    fingerprint: str
    read_at: float
    protected: bool
    verdicts: dict[tuple[str, ...], tuple[float, Failure | None]] = field(default_factory=dict)


class Engines:
    """The engines that scalers refer to. Thread-safe.

    Args:
        cluster: where Secrets and ConfigMaps are.
        connections: connections per engine that are kept open.
        clock: monotonic seconds.
    """

    def __init__(
        self, cluster: Cluster, *, connections: int = 4, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._connections = connections
        self._clock = clock
        self._known: dict[str, _Connection] = {}
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="external-task-operator-")

    def client(self, namespace: str, ref: EngineRef) -> EngineClient:
        """Return the client of an engine, with credentials that are at most a minute old.

        Raises:
            EngineFailure: the Secret or the ConfigMap is missing or incomplete.
        """
        return self._connection(namespace, ref).client

    def distrust(self, namespace: str, ref: EngineRef) -> None:
        """Read credentials and rights anew at the next use, because the engine refused them."""
        with self._lock:
            if connection := self._known.get(key_of(namespace, ref)):
                connection.read_at = float("-inf")
                connection.verdicts.clear()

    def doubt(self, namespace: str, ref: EngineRef, tasks: int, *, fresh: bool = False) -> Failure | None:
        """Return why a count must not be believed; None if it can.

        Args:
            namespace: the scaler's.
            ref: the engine.
            tasks: how many were counted; an uncertain right to see them makes only a 0 doubtful.
            fresh: ask the engine again, because much depends on the answer.
        """
        connection = self._connection(namespace, ref)
        if not connection.protected:
            return None
        doubt = self._verdict(connection, ref.process_definition_keys, fresh=fresh)
        if doubt and doubt.kind == FailureKind.AUTHORIZATION_UNVERIFIED and tasks:
            return None
        return doubt

    def retain(self, keys: Collection[str]) -> None:
        """Close the connections that no scaler refers to any more."""
        with self._lock:
            for key in self._known.keys() - set(keys):
                self._known.pop(key).client.close()

    def close(self) -> None:
        """Close all connections."""
        self.retain(())
        self._folder.cleanup()

    def _verdict(self, connection: _Connection, keys: tuple[str, ...], *, fresh: bool) -> Failure | None:
        now = self._clock()
        asked_at, doubt = connection.verdicts.get(keys, (float("-inf"), None))
        if not fresh and now - asked_at < (_NOT_GRANTED_SECONDS if doubt else _GRANTED_SECONDS):
            return doubt
        try:
            verdict, hidden = visibility.check(connection.client, keys)
            doubt = visibility.failure(verdict, hidden)
        except EngineError as error:
            # Remembered too, or each scaler would ask an engine in distress once more at each poll.
            doubt = visibility.unreadable(error)
        connection.verdicts[keys] = (now, doubt)
        return doubt

    def _connection(self, namespace: str, ref: EngineRef) -> _Connection:
        key = key_of(namespace, ref)
        with self._lock:
            known = self._known.get(key)
        if known and self._clock() - known.read_at < _CREDENTIALS_SECONDS:
            return known
        try:
            auth, fingerprint = self._credentials(namespace, ref.credentials_secret)
            certificates = self._certificates(namespace, ref.ca)
        except ClusterError as error:
            if known and not isinstance(error, Missing):
                # The API server is away; the engine is not.
                return known
            raise EngineFailure(FailureKind.CREDENTIALS_MISSING, f"reading credentials: {error}") from error
        fingerprint += sha256(certificates or b"").hexdigest()
        return self._renew(key, known, ref, auth, fingerprint, certificates)

    def _renew(
        self,
        key: str,
        known: _Connection | None,
        ref: EngineRef,
        auth: Auth | None,
        fingerprint: str,
        certificates: bytes | None,
    ) -> _Connection:
        if known and known.fingerprint == fingerprint:
            known.read_at = self._clock()
            return known
        try:
            client = EngineClient(
                ref.url,
                auth=auth,
                timeout=ref.timeout_seconds,
                pool_size=self._connections,
                ca_file=self._file(certificates),
                user_agent="external-task-operator",
            )
        except ValueError as error:
            # The CRD's rules cannot tell every URL that no client understands.
            raise EngineFailure(FailureKind.INVALID_SPEC, f"spec.engine.url: {error}") from error
        connection = _Connection(client, fingerprint, self._clock(), protected=auth is not None)
        with self._lock:
            self._known[key] = connection
        return connection

    def _credentials(self, namespace: str, ref: CredentialsSecret | None) -> tuple[Auth | None, str]:
        if ref is None:
            return None, ""
        secret = self._cluster.get(paths.secret(namespace, ref.name))
        values = {name: b64decode(value) for name, value in (secret.get("data") or {}).items()}
        if ref.token_key:
            token = _text(values, ref.token_key, f"Secret {ref.name}").strip()
            return BearerAuth(token), sha256(token.encode()).hexdigest()
        user = _text(values, ref.username_key, f"Secret {ref.name}")
        password = _text(values, ref.password_key, f"Secret {ref.name}")
        return BasicAuth(user, password), sha256(f"{user}:{password}".encode()).hexdigest()

    def _certificates(self, namespace: str, ref: CertificateAuthority | None) -> bytes | None:
        if ref is None:
            return None
        if ref.secret_name:
            secret = self._cluster.get(paths.secret(namespace, ref.secret_name))
            values = {name: b64decode(value) for name, value in (secret.get("data") or {}).items()}
            return _entry(values, ref.key, f"Secret {ref.secret_name}")
        config_map = self._cluster.get(paths.config_map(namespace, ref.config_map_name or ""))
        texts = {name: text.encode() for name, text in (config_map.get("data") or {}).items()}
        return _entry(texts, ref.key, f"ConfigMap {ref.config_map_name}")

    def _file(self, certificates: bytes | None) -> str | None:
        if certificates is None:
            return None
        path = Path(self._folder.name) / f"{sha256(certificates).hexdigest()}.pem"
        path.write_bytes(certificates)
        return str(path)


def _entry(values: Mapping[str, Any], key: str, holder: str) -> bytes:
    if key not in values:
        raise EngineFailure(FailureKind.CREDENTIALS_MISSING, f"{holder} has no key {key}")
    return bytes(values[key])


def _text(values: Mapping[str, Any], key: str, holder: str) -> str:
    try:
        return _entry(values, key, holder).decode()
    except UnicodeDecodeError:
        # Without the cause: it would carry the secret.
        raise EngineFailure(FailureKind.CREDENTIALS_MISSING, f"{holder}: key {key} is no text") from None
