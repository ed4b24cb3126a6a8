"""An engine and a PostgreSQL server that run in the cluster, but belong to no release."""

from typing import Any

from support.cluster import SERVICE_PORTS

PASSWORD = "elsewhere-and-4-characters-':/@"
CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def engine() -> list[Any]:
    """Return the engine as a pod of its own, with its data in a file."""
    roles = ("ADMIN", "DEPLOYER", "WORKER", "SCALER", "CLIENT")
    container = {
        "image": "hotel-engine:0.1.0",
        "env": [
            {"name": "ENGINE_DATABASE_URL", "value": "jdbc:h2:file:/tmp/engine"},
            *({"name": f"ENGINE_{role}_PASSWORD", "value": PASSWORD} for role in roles),
        ],
        "readinessProbe": {
            "httpGet": {"path": "/actuator/health/readiness", "port": 8081},
            "periodSeconds": 2,
        },
    }
    return _served("engine", 8080, 10001, container, [])


def database() -> list[Any]:
    """Return a PostgreSQL server that has a database and a user for the engine and for each service."""
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
        "env": [
            {"name": "POSTGRES_PASSWORD", "value": PASSWORD},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-h", "127.0.0.1"]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "users", "mountPath": "/docker-entrypoint-initdb.d"}],
    }
    volume = {"name": "users", "configMap": {"name": "users"}}
    return [script, *_served("database", 5432, 999, container, [volume])]


def login(name: str, password: str = PASSWORD) -> dict[str, Any]:
    """Return a Secret that holds a password, and the user's name that an engine asks for."""
    content = {"username": "scaler", "password": password}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": content}


def _served(
    name: str, port: int, user: int, container: dict[str, Any], volumes: list[dict[str, Any]]
) -> list[Any]:
    """Return a pod with a Service."""
    labels = {"elsewhere": name}
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
            "containers": [{"name": name, "securityContext": CONTAINER_SECURITY, **container}],
            "volumes": volumes,
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"port": port}]},
    }
    return [pod, service]
