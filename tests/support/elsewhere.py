"""An engine and a PostgreSQL server that run in the cluster behind TLS, but belong to no release."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme

from support.cluster import FAST_COMPILER, SERVICE_PORTS, Cluster, forwarded

PASSWORD = "elsewhere-and-4-characters-':/@"
AUTHORITY = "authority"
TLS = "/etc/tls"
COMMON = {
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    # A pod that asks for no processor gets next to none while others are busy.
    "resources": {"requests": {"cpu": "100m"}},
}


def engine(authority: trustme.CA) -> list[Any]:
    """Return the engine as a pod of its own, with its data in a file and a certificate for HTTPS."""
    roles = ("ADMIN", "DEPLOYER", "WORKER", "SCALER", "CLIENT")
    container = {
        "image": "hotel-engine:0.1.0",
        "env": [
            FAST_COMPILER,
            {"name": "ENGINE_DATABASE_URL", "value": "jdbc:h2:file:/tmp/engine"},
            {"name": "SERVER_SSL_CERTIFICATE", "value": f"{TLS}/tls.crt"},
            {"name": "SERVER_SSL_CERTIFICATEPRIVATEKEY", "value": f"{TLS}/tls.key"},
            {"name": "MANAGEMENT_SERVER_SSL_ENABLED", "value": "false"},
            *({"name": f"ENGINE_{role}_PASSWORD", "value": PASSWORD} for role in roles),
        ],
        "readinessProbe": {
            "httpGet": {"path": "/actuator/health/readiness", "port": 8081},
            "periodSeconds": 2,
        },
    }
    return _served("engine", 8080, 10001, container, authority)


@contextmanager
def engine_reached(
    cluster: Cluster, namespace: str, authority: trustme.CA, folder: Path
) -> Iterator[tuple[str, str]]:
    """The URL of that engine's REST API from here, and the file with the authority to trust."""
    file = folder / "ca.crt"
    authority.cert_pem.write_to_path(str(file))
    with forwarded(cluster, namespace, "service/engine", 8080) as url:
        yield f"{url.replace('http:', 'https:')}/engine-rest", str(file)


def database(authority: trustme.CA) -> list[Any]:
    """Return a PostgreSQL server with a certificate, and a database and user for engine and services each."""
    quoted = PASSWORD.replace("'", "''")
    statements = [
        statement
        for name in ("engine", *SERVICE_PORTS)
        for statement in (
            f"CREATE ROLE {name} LOGIN PASSWORD '{quoted}';",
            f"CREATE DATABASE {name} OWNER {name};",
        )
    ]
    script = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "users"},
        "data": {"users.sql": "\n".join(statements)},
    }
    container = {
        "image": "postgres:17",
        "args": ["-cssl=on", f"-cssl_cert_file={TLS}/tls.crt", f"-cssl_key_file={TLS}/tls.key"],
        "env": [
            {"name": "POSTGRES_PASSWORD", "value": PASSWORD},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-h", "127.0.0.1"]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "users", "mountPath": "/docker-entrypoint-initdb.d"}],
    }
    volume = {"name": "users", "configMap": {"name": "users"}}
    return [script, *_served("database", 5432, 999, container, authority, volume)]


def login(name: str, password: str = PASSWORD) -> dict[str, Any]:
    """Return a Secret that holds a password, and the user's name that an engine asks for."""
    content = {"username": "scaler", "password": password}
    return _secret(name, content)


def trust(authority: trustme.CA) -> dict[str, Any]:
    """Return the Secret AUTHORITY with what tells its certificates from others."""
    return _secret(AUTHORITY, {"ca.crt": authority.cert_pem.bytes().decode()})


def _secret(name: str, content: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": content}


def _served(
    name: str,
    port: int,
    user: int,
    container: dict[str, Any],
    authority: trustme.CA,
    *volumes: dict[str, Any],
) -> list[Any]:
    """Return a pod with a Service, and its certificate, for the Service and for a forwarded port."""
    labels = {"elsewhere": name}
    issued = authority.issue_cert(name, "127.0.0.1")
    certificate = {
        "tls.crt": "".join(part.bytes().decode() for part in issued.cert_chain_pems),
        "tls.key": issued.private_key_pem.bytes().decode(),
    }
    tls = {"name": "tls", "secret": {"secretName": f"{name}-tls", "defaultMode": 0o440}}
    mounts = [*container.get("volumeMounts", []), {"name": "tls", "mountPath": TLS, "readOnly": True}]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            # A variable ENGINE_PORT that Kubernetes makes of the Service would be taken for the engine's own.
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": user,
                "fsGroup": user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{"name": name, **COMMON, **container, "volumeMounts": mounts}],
            "volumes": [tls, *volumes],
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"port": port}]},
    }
    return [_secret(f"{name}-tls", certificate), pod, service]
