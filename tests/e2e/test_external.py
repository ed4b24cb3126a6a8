"""A release whose engine and database run elsewhere, beside one that has its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.charts import HOTEL
from support.cluster import SERVICE_PORTS, Cluster, CommandFailedError, Release, forwarded
from support.guests import guest
from support.hotel_command import HotelCommand
from support.waiting import eventually

PASSWORD = "elsewhere-and-4-characters-':/@"
CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def elsewhere(
    name: str, port: int, user: int, container: dict[str, Any], volumes: list[dict[str, Any]]
) -> list[Any]:
    """Return a pod with a Service, which no release knows of."""
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
    return elsewhere("engine", 8080, 10001, container, [])


def database() -> list[Any]:
    """Return a PostgreSQL server that has a database and a user for each service."""
    quoted = PASSWORD.replace("'", "''")
    statements = [
        statement
        for name in SERVICE_PORTS
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
    return [
        script,
        *elsewhere("database", 5432, 999, container, [{"name": "users", "configMap": {"name": "users"}}]),
    ]


@pytest.fixture
def annex(cluster: Cluster, namespace: str) -> Release:
    """A release that is not installed yet, and the Secret with its passwords."""
    login = {"username": "scaler", "password": PASSWORD}
    cluster.apply(
        namespace,
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "logins"}, "stringData": login},
    )
    return Release(cluster, namespace, "annex-hotel")


@pytest.fixture
def installing(annex: Release, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """The install of the release, under way."""
    file = tmp_path / "values.yaml"
    logins = "{ existingSecret: logins }"
    file.write_text(
        f"""
engine:
  external: {{ enabled: true, url: "http://engine:8080/engine-rest" }}
  auth: {{ deployer: {logins}, worker: {logins}, scaler: {logins}, client: {logins} }}
postgresql: {{ enabled: false }}
externalDatabase: {{ host: database, sslMode: prefer }}
databases: {{ booking: {logins}, room: {logins}, restaurant: {logins}, client: {logins} }}
"""
    )
    arguments = ("install", annex.name, str(HOTEL), "--namespace", annex.namespace, "--values", str(file))
    process = annex.cluster.begin("helm", *arguments, "--timeout=6m")
    yield process
    process.kill()
    process.wait()


def test_a_release_waits_for_its_external_engine_and_database_and_then_works(
    hotel: Release, annex: Release, installing: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    eventually(lambda: "waiting for the database: " in log_of_wait(annex), seconds=120, every=1)
    restarts = [
        c["restartCount"] for pod in annex.pods("room") for c in pod["status"]["initContainerStatuses"]
    ]
    assert restarts == [0]

    annex.cluster.apply(annex.namespace, *engine(), *database())

    printed, _ = installing.communicate(timeout=300)
    assert installing.returncode == 0, printed
    annex.wait_until_ready()
    with forwarded(annex.cluster, annex.namespace, "service/engine", 8080) as url:
        settings = {"HOTEL_ENGINE_URL": f"{url}/engine-rest", "HOTEL_ENGINE_PASSWORD": PASSWORD}
        run = HotelCommand(tmp_path, settings)
        ran = run("reserve", *guest(), "--json")
    assert ran.code == 0, ran.err
    # The release beside it knows nothing of it.
    with hotel.command(tmp_path) as beside:
        assert beside("status", ran.json["reference"]).code != 0
    assert not hotel.unready()


def log_of_wait(release: Release) -> str:
    """Return what the room service's pod says while it waits."""
    try:
        return release.cluster.kubectl(
            "logs",
            f"deployment/{release.name}-room",
            "--container=wait-for-database",
            "--namespace",
            release.namespace,
        )
    except CommandFailedError:
        return ""
