"""Connections to the engines: one per engine and credentials, whatever the number of scalers."""

import tempfile
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from external_tasks.engine.auth import Auth
from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineError

from external_task_operator.engine import authorization
from external_task_operator.engine.clock import EngineClock
from external_task_operator.engine.credentials import (
    client_certificate,
    fingerprint_of,
    read_certificates,
    read_client,
    read_client_certificate,
    read_credentials,
    token_auth,
)
from external_task_operator.errors import ClusterError, EngineFailure, FailureKind, Missing, NotAllowed
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.policy.observation import Failure
from external_task_operator.spec import EngineRef, TaskFilter

# Counts and pages of tasks are some hundred kilobytes; what is parsed takes many times its size in memory.
_MAX_RESPONSE_BYTES = 4 * 1024 * 1024
_CREDENTIALS_SECONDS = 60.0
_GRANTED_SECONDS = 300.0
_NOT_GRANTED_SECONDS = 30.0


def key_of(namespace: str, ref: EngineRef) -> str:
    """Name an engine connection; scalers with the same key share their queries.

    Where a Secret or a ConfigMap is involved, it is the one of the scaler's namespace.
    """
    own = namespace if ref.credentials_secret or ref.oauth2 or ref.client_certificate or ref.ca else ""
    return f"{own}|{ref.model_dump_json(exclude={'process_definition_keys'})}"


_Verdict = tuple[float, Failure | None]
"""When the engine was asked, monotonic seconds, and what there is to doubt."""


@dataclass
class _Connection:
    client: EngineClient
    clock: EngineClock
    fingerprint: str
    read_at: float
    protected: bool
    verdicts: "dict[tuple[str, ...], _Verdict]" = field(default_factory=dict)
    shown: "dict[TaskFilter, _Verdict]" = field(default_factory=dict)


@dataclass(frozen=True)
class _Secrets:
    """What a connection is made of, as it was read; the fingerprint changes with it."""

    auth: Auth | None = field(repr=False)
    client: tuple[str, str] | None = field(repr=False)
    certificates: bytes | None = field(repr=False)
    own_certificate: bytes | None = field(repr=False)
    fingerprint: str


class Engines:
    """The engines that scalers refer to. Thread-safe.

    Args:
        cluster: where Secrets and ConfigMaps are.
        connections: connections per engine that are kept open.
        clock: monotonic seconds.
        wall: seconds of the epoch.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        connections: int = 4,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._connections = connections
        self._clock = clock
        self._wall = wall
        self._known: dict[str, _Connection] = {}
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="external-task-operator-")

    def client(self, namespace: str, ref: EngineRef) -> EngineClient:
        """Return the client of an engine, with credentials that are at most a minute old.

        Raises:
            EngineFailure: the Secret or the ConfigMap is missing or incomplete.
        """
        return self._connection(namespace, ref).client

    def now(self, namespace: str, ref: EngineRef) -> float:
        """Return the seconds of the epoch by an engine's clock.

        Raises:
            EngineFailure: as for `client`.
        """
        return self._connection(namespace, ref).clock.now()

    def distrust(self, namespace: str, ref: EngineRef) -> None:
        """Read credentials and rights again at the next use, because the engine refused them."""
        with self._lock:
            if connection := self._known.get(key_of(namespace, ref)):
                connection.read_at = float("-inf")
                connection.verdicts.clear()
                connection.shown.clear()

    def doubt(
        self,
        namespace: str,
        ref: EngineRef,
        tasks: int,
        *,
        only: TaskFilter | None = None,
        fresh: bool = False,
    ) -> Failure | None:
        """Return why a count must not be believed; None if it can.

        Args:
            namespace: the scaler's.
            ref: the engine.
            tasks: how many were counted; an uncertain right to see them makes only a 0 doubtful.
            only: which tasks were counted; None for all.
            fresh: ask the engine again, because much depends on the answer.
        """
        connection = self._connection(namespace, ref)
        if only is not None and (unknown := self._unknown(connection, only, fresh=fresh)):
            return unknown
        if not connection.protected:
            return None
        filtered = only.process_definition_keys if only else ()
        keys = tuple(dict.fromkeys((*ref.process_definition_keys, *filtered)))
        doubt = self._verdict(connection, keys, fresh=fresh)
        if doubt and doubt.kind == FailureKind.AUTHORIZATION_UNVERIFIED and tasks:
            return None
        return doubt

    def retain(self, keys: Collection[str]) -> None:
        """Close the connections that no scaler refers to any more."""
        with self._lock:
            for key in self._known.keys() - set(keys):
                gone = self._known.pop(key)
                gone.client.close()
                gone.clock.close()

    def close(self) -> None:
        """Close all connections."""
        self.retain(())
        self._folder.cleanup()

    def _unknown(self, connection: _Connection, only: TaskFilter, *, fresh: bool) -> Failure | None:
        now = self._clock()
        asked_at, doubt = connection.shown.get(only, (float("-inf"), None))
        if not fresh and now - asked_at < (_NOT_GRANTED_SECONDS if doubt else _GRANTED_SECONDS):
            return doubt
        try:
            doubt = authorization.unknown_definitions(connection.client, only)
        except EngineError as error:
            doubt = authorization.unreadable(error)
        connection.shown[only] = (now, doubt)
        return doubt

    def _verdict(self, connection: _Connection, keys: tuple[str, ...], *, fresh: bool) -> Failure | None:
        now = self._clock()
        asked_at, doubt = connection.verdicts.get(keys, (float("-inf"), None))
        if not fresh and now - asked_at < (_NOT_GRANTED_SECONDS if doubt else _GRANTED_SECONDS):
            return doubt
        try:
            verdict, hidden = authorization.check(connection.client, keys)
            doubt = authorization.failure(verdict, hidden)
        except EngineError as error:
            # Remembered too, or each scaler would ask an engine in distress once more at each poll.
            doubt = authorization.unreadable(error)
        connection.verdicts[keys] = (now, doubt)
        return doubt

    def _connection(self, namespace: str, ref: EngineRef) -> _Connection:
        key = key_of(namespace, ref)
        with self._lock:
            known = self._known.get(key)
        if known and self._clock() - known.read_at < _CREDENTIALS_SECONDS:
            return known
        try:
            secrets = self._read(namespace, ref)
        except ClusterError as error:
            if known and not isinstance(error, Missing):
                # The API server does not answer; the engine may.
                return known
            missing = isinstance(error, Missing | NotAllowed)
            kind = FailureKind.CREDENTIALS_MISSING if missing else FailureKind.CREDENTIALS_UNREADABLE
            raise EngineFailure(kind, f"reading credentials: {error}") from error
        return self._renew(key, known, ref, secrets)

    def _read(self, namespace: str, ref: EngineRef) -> _Secrets:
        auth, fingerprint = read_credentials(self._cluster, namespace, ref.credentials_secret)
        client = read_client(self._cluster, namespace, ref.oauth2) if ref.oauth2 else None
        certificates = read_certificates(self._cluster, namespace, ref.ca)
        own_certificate = read_client_certificate(self._cluster, namespace, ref.client_certificate)
        parts = (sha256(part or b"").hexdigest() for part in (certificates, own_certificate))
        return _Secrets(
            auth, client, certificates, own_certificate, fingerprint_of(fingerprint, *(client or ()), *parts)
        )

    def _renew(self, key: str, known: _Connection | None, ref: EngineRef, secrets: _Secrets) -> _Connection:
        if known and known.fingerprint == secrets.fingerprint:
            known.read_at = self._clock()
            return known
        ca_file, own_file = self._file(secrets.certificates), self._file(secrets.own_certificate)
        auth = secrets.auth
        if ref.oauth2 and secrets.client:
            auth = token_auth(ref.oauth2, secrets.client, timeout=ref.timeout_seconds, ca_file=ca_file)
        own_certificate = None
        if ref.client_certificate and own_file:
            own_certificate = client_certificate(ref.client_certificate, own_file)
        try:
            client = EngineClient(
                ref.url,
                auth=auth,
                timeout=ref.timeout_seconds,
                pool_size=self._connections,
                ca_file=ca_file,
                client_certificate=own_certificate,
                user_agent="external-task-operator",
                max_response_bytes=_MAX_RESPONSE_BYTES,
            )
        except ValueError as error:
            # The CRD's rules cannot tell every URL that no client understands.
            raise EngineFailure(FailureKind.INVALID_SPEC, f"spec.engine.url: {error}") from error
        clock = EngineClock(
            client.url,
            # A refusal tells the time too, and fetching a token may take long.
            auth=secrets.auth,
            ca_file=ca_file,
            certificate_file=own_file,
            timeout=ref.timeout_seconds,
            clock=self._clock,
            wall=self._wall,
        )
        protected = auth is not None or own_certificate is not None
        connection = _Connection(client, clock, secrets.fingerprint, self._clock(), protected=protected)
        with self._lock:
            self._known[key] = connection
        return connection

    def _file(self, certificates: bytes | None) -> str | None:
        if certificates is None:
            return None
        path = Path(self._folder.name) / f"{sha256(certificates).hexdigest()}.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificates)
        return str(path)
