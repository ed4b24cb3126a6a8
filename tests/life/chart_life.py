"""What a release goes through in its life: nodes, versions, volumes and databases that change under load."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from life.nodes import WORKERS, load
from support import elsewhere, kind
from support.bookings import bookings, write_csv
from support.charts import REPOSITORY
from support.cluster import SERVICE_PORTS, Cluster, CommandFailedError, Release, administrator
from support.documented import console_blocks
from support.guests import guest
from support.hotel_command import HotelCommand
from support.replays import begin_replay
from support.waiting import eventually

KUBERNETES = REPOSITORY / "docs/kubernetes.md"
UPGRADE = console_blocks(KUBERNETES, "Upgrade and roll back")[0]
RESTORE = console_blocks(KUBERNETES, "Back up and restore")[1]
METRICS, MAJOR = (
    console_blocks(KUBERNETES, heading)[0]
    for heading in ("A metrics server in kind", "A new major version of PostgreSQL")
)
CRD = "charts/external-task-scaler/crds/externaltaskscalers.yaml"
SECONDS = 600
# So long that calls hang and are given up on both sides.
PARTITION_SECONDS = 30
IMAGES = ("engine", "services", "worker", "cli", "operator")
TWO_OF_EACH = ("--set=engine.replicas=2", "--set=services.defaults.replicas=2")
# The version that an upgrade begins with, as git knows it.
FROM = "HOTEL_LIFE_FROM"


@contextmanager
def replayed(
    release: Release, run: HotelCommand, folder: Path, run_id: str, *, count: int, rate: int = 1
) -> Iterator["subprocess.Popen[str]"]:
    """Bookings that are played while the context lasts; at its end all of them hold what they promise."""
    rows = write_csv(folder / f"{run_id}.csv", bookings(count, seed=7))
    with administrator(release) as engine:
        replay = begin_replay(run, engine, rows, run_id, f"--rate={rate}", under_way=3)
    try:
        yield replay
        out, problems = replay.communicate(timeout=SECONDS)
    finally:
        replay.kill()
        replay.wait()
    assert replay.returncode == 0, out + problems


def type_in(release: Release, script: str, folder: Path, *options: str) -> str:
    """Run commands of the document for a release, its values and the options in place of the document's."""
    here = script.replace("-n hotel ", f"-n {release.namespace} ").replace(
        " charts/", f" {REPOSITORY}/charts/"
    )
    here = here.replace(" -f my-values.yaml", "".join(f" {option}" for option in options))
    return release.cluster.run("bash", "-euc", f"cd {folder}\n{here}", seconds=SECONDS)


def references(run: HotelCommand) -> set[str]:
    """Return the references of all reservations that the engine knows."""
    listed = run("list", "--limit", "10000", "--json")
    assert listed.code == 0, listed.err
    return {item["reference"] for item in listed.json["items"]}


def found(release: Release, kind_of: str, name: str) -> dict[str, Any]:
    """Return an object of the release."""
    place = ("--namespace", release.namespace, "--output=json")
    text = release.cluster.kubectl("get", kind_of, f"{release.name}-{name}", *place)
    item: dict[str, Any] = json.loads(text)
    return item


# --- nodes and load ----------------------------------------------------------------------------


def test_a_drained_node_costs_no_reservation(
    cluster: Cluster, release: Release, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    release.install(*TWO_OF_EACH)
    (database,) = release.pods("postgresql")
    # The volumes of kind's storage class cannot leave their node.
    (node,) = WORKERS - {database["spec"]["nodeName"]}
    try:
        with replayed(release, run_hotel, tmp_path, "drain", count=60) as replay:
            cluster.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", seconds=SECONDS)
            assert replay.poll() is None
            assert node not in {pod["spec"].get("nodeName") for pod in release.pods()}
            release.wait_until_ready()
    finally:
        cluster.kubectl("uncordon", node)


@contextmanager
def cut(release: Release, component: str, *peers: str) -> Iterator[None]:
    """Let no packet of a component reach its peers while the context lasts; without peers, nothing at all."""
    policy = found(release, "networkpolicy", component)
    kept = [rule for rule in policy["spec"]["egress"] if peers and not leads_to(rule, peers)]
    assert len(kept) < len(policy["spec"]["egress"])
    set_egress(release, component, kept)
    try:
        yield
    finally:
        set_egress(release, component, policy["spec"]["egress"])


def leads_to(rule: dict[str, Any], peers: tuple[str, ...]) -> bool:
    """Tell whether a rule of egress names one of the components."""
    selectors = (peer.get("podSelector", {}).get("matchLabels", {}) for peer in rule.get("to", ()))
    return any(labels.get("app.kubernetes.io/component") in peers for labels in selectors)


def set_egress(release: Release, component: str, rules: list[dict[str, Any]]) -> None:
    change = json.dumps([{"op": "replace", "path": "/spec/egress", "value": rules}])
    place = ("--namespace", release.namespace, "--type=json", f"--patch={change}")
    release.cluster.kubectl("patch", "networkpolicy", f"{release.name}-{component}", *place)


@pytest.mark.parametrize(
    ("component", "peers"),
    [("worker", ("engine",)), ("engine", ("postgresql",)), ("room", ("postgresql",)), ("worker", ())],
    ids=["worker-engine", "engine-database", "service-database", "worker-everything"],
)
def test_a_partition_costs_no_reservation(
    hotel: Release, run_hotel: HotelCommand, tmp_path: Path, component: str, peers: tuple[str, ...]
) -> None:
    """The network drops packets, so calls wait without an answer: neither side gets an error."""
    with replayed(hotel, run_hotel, tmp_path, "partition", count=60, rate=2) as replay:
        with cut(hotel, component, *peers):
            time.sleep(PARTITION_SECONDS)
            assert replay.poll() is None
        hotel.wait_until_ready()


@pytest.fixture
def metrics_server(cluster: Cluster) -> None:
    """A metrics server that answers; one that is there already is taken."""
    if "v1beta1.metrics.k8s.io" not in cluster.kubectl("get", "apiservices", "--output=name"):
        cluster.run("bash", "-euc", METRICS, seconds=SECONDS)
    eventually(lambda: answers(cluster, "top", "nodes"), seconds=180, every=2)


def answers(cluster: Cluster, *arguments: str) -> bool:
    """Tell whether kubectl succeeds."""
    try:
        return bool(cluster.kubectl(*arguments))
    except CommandFailedError:
        return False


def test_a_busy_service_gets_more_pods_and_loses_them_again(
    release: Release, metrics_server: None, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    soon = {"scaleDown": {"stabilizationWindowSeconds": 15}}
    release.install(
        "--set=services.room.autoscaling.enabled=true",
        f"--set-json=services.room.autoscaling.behavior={json.dumps(soon)}",
    )

    def desired() -> int:
        return int(found(release, "hpa", "room").get("status", {}).get("desiredReplicas", 0))

    with replayed(release, run_hotel, tmp_path, "busy", count=400, rate=5):
        eventually(lambda: desired() >= 2, seconds=180, every=2)
        eventually(lambda: len(release.pods("room")) == desired(), seconds=120, every=2)
    eventually(lambda: desired() == 1 and len(release.pods("room")) == 1, seconds=300, every=2)


# --- versions ----------------------------------------------------------------------------------


@pytest.fixture
def before(cluster: Cluster, tmp_path: Path) -> Path:
    """The sources of the version to begin with; the cluster has its images, tagged `before`."""
    reference = os.environ.get(FROM)
    if not reference:
        pytest.fail(f"name the version to begin with: make chart-life FROM=v0.1.0 ({FROM})", pytrace=False)
    folder = tmp_path / "before"
    folder.mkdir()
    kind.command("bash", "-euc", f"git archive {reference} | tar --extract --directory {folder}")
    make = ("make", "--silent", "--directory", str(folder), "VERSION=before")
    kind.command(*make, "images", seconds=kind.BUILD_SECONDS)
    images = kind.command(*make, "print-images").split()
    load(*images)
    return folder


def tagged(tag: str) -> tuple[str, ...]:
    """Return the options that name the images of a version."""
    return tuple(f"--set={name}.image.tag={tag}" for name in IMAGES)


def test_the_version_before_is_upgraded_under_load_and_keeps_its_values(
    cluster: Cluster, before: Path, release: Release, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    place = ("--namespace", release.namespace, "--wait", "--timeout=4m")
    cluster.kubectl("delete", "crd", "externaltaskscalers.hotel.example.com", "--ignore-not-found")
    cluster.helm(
        "install",
        release.name,
        before / "charts/hotel",
        *place,
        *tagged("before"),
        "--set=worker.defaults.slots=3",
    )
    with replayed(release, run_hotel, tmp_path, "upgrade", count=120):
        known = references(run_hotel)
        # First with the values of before, and the chart's own for what is new; then as the document says.
        type_in(release, UPGRADE.splitlines()[0], tmp_path)
        cluster.helm(
            "upgrade", release.name, REPOSITORY / "charts/hotel", *place, "--reuse-values", *tagged("0.1.0")
        )
        slots = environment(found(release, "deployment", "worker-default"))["WORKER_SLOTS"]
        assert slots == "3"
    assert known <= references(run_hotel)
    release.wait_until_ready()
    cluster.wait_for(release.namespace, f"externaltaskscaler/{release.name}-worker-default", "Ready")


def environment(deployment: dict[str, Any]) -> dict[str, str]:
    """Return the plain environment variables of a deployment's container."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def test_a_changed_crd_is_applied_as_documented(hotel: Release, tmp_path: Path) -> None:
    cluster = hotel.cluster
    kept = found(hotel, "externaltaskscaler", "worker-default")
    text = (REPOSITORY / CRD).read_text(encoding="utf-8")
    word = "seconds between two looks"
    changed = tmp_path / CRD
    changed.parent.mkdir(parents=True)
    changed.write_text(text.replace("description: ", f"description: {word}, ", 1), encoding="utf-8")
    apply = UPGRADE.splitlines()[0].replace(" charts/", f" {tmp_path}/charts/")

    cluster.run("bash", "-euc", apply)

    assert word in cluster.kubectl("get", "crd", "externaltaskscalers.hotel.example.com", "--output=yaml")
    again = found(hotel, "externaltaskscaler", "worker-default")
    assert again["metadata"]["uid"] == kept["metadata"]["uid"]
    assert again["spec"] == kept["spec"]
    cluster.run("bash", "-euc", apply.replace(str(tmp_path), str(REPOSITORY)))
    hotel.install()


def test_an_atomic_upgrade_that_fails_half_way_takes_everything_back(
    hotel: Release, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    half = ("--set=services.image.tag=missing", "--set=worker.defaults.slots=3")
    with replayed(hotel, run_hotel, tmp_path, "atomic", count=90) as replay:
        with pytest.raises(CommandFailedError, match="rolled back due to atomic being set"):
            hotel.install(*half, "--atomic", "--timeout=60s")
        assert replay.poll() is None
    assert environment(found(hotel, "deployment", "worker-default"))["WORKER_SLOTS"] != "3"
    hotel.wait_until_ready()


# --- volumes and databases ---------------------------------------------------------------------


def test_the_volume_of_the_database_grows_where_the_storage_class_lets_it(hotel: Release) -> None:
    cluster = hotel.cluster
    grown = "--set=postgresql.persistence.size=9Gi"
    with pytest.raises(CommandFailedError, match="must support resize"):
        hotel.install(grown)
    assert run_sql(hotel, "SELECT 1") == "1"
    cluster.kubectl("patch", "storageclass", "standard", '--patch={"allowVolumeExpansion": true}')
    try:
        hotel.install(grown)
        claim = found(hotel, "persistentvolumeclaim", "postgresql")
        assert claim["spec"]["resources"]["requests"]["storage"] == "9Gi"
    finally:
        cluster.kubectl("patch", "storageclass", "standard", '--patch={"allowVolumeExpansion": false}')


def run_sql(release: Release, statement: str) -> str:
    """Return what a statement prints in the release's database server."""
    place = ("exec", f"{release.name}-postgresql-0", "--namespace", release.namespace)
    psql = ("psql", "--username=postgres", "--tuples-only", "--no-align", f"--command={statement}")
    return release.cluster.kubectl(*place, "--container=postgresql", "--", *psql).strip()


def test_a_new_server_of_postgresql_takes_over_all_data(
    hotel: Release, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    """By the commands for a new major version; here the new server has the old one's version."""
    with replayed(hotel, run_hotel, tmp_path, "major", count=20):
        pass
    known = references(run_hotel)
    before = run_sql(hotel, "SELECT system_identifier FROM pg_control_system()")
    commands = MAJOR.replace("postgresql.image.tag=18", "postgresql.image.tag=17")
    assert commands != MAJOR

    type_in(hotel, commands, tmp_path)
    type_in(hotel, RESTORE, tmp_path)

    assert run_sql(hotel, "SELECT system_identifier FROM pg_control_system()") != before
    assert references(run_hotel) == known
    ran = run_hotel("reserve", *guest(), "--json")
    assert ran.code == 0, ran.err


POOLER = "pgbouncer"
POOLER_IMAGE = "hotel-life-pgbouncer:1"
POOLER_BUILD = """FROM postgres:17
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends pgbouncer && rm -rf /var/lib/apt/lists/*
USER 999
ENTRYPOINT ["pgbouncer"]
"""
POOLER_SETTINGS = """[databases]
* = host=database port=5432
[pgbouncer]
listen_addr = *
listen_port = 5432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /etc/pooler/users.txt
pool_mode = transaction
default_pool_size = 10
max_client_conn = 500
max_prepared_statements = 200
ignore_startup_parameters = extra_float_digits
server_tls_sslmode = require
"""


@pytest.fixture(scope="session")
def pooler_image(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image of PgBouncer in the cluster."""
    folder = tmp_path_factory.mktemp("pooler")
    (folder / "Dockerfile").write_text(POOLER_BUILD)
    kind.command("docker", "build", "--quiet", "--tag", POOLER_IMAGE, str(folder), seconds=kind.BUILD_SECONDS)
    load(POOLER_IMAGE)
    return POOLER_IMAGE


def pooler(image: str) -> list[dict[str, Any]]:
    """Return PgBouncer before the database, in the mode that keeps a connection for one transaction."""
    users = "".join(f'"{name}" "{elsewhere.PASSWORD}"\n' for name in ("engine", *SERVICE_PORTS))
    settings = {"pgbouncer.ini": POOLER_SETTINGS, "users.txt": users}
    container = {
        "name": POOLER,
        "image": image,
        "args": ["/etc/pooler/pgbouncer.ini"],
        "readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 1},
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/pooler"}],
        **elsewhere.COMMON,
    }
    labels = {"elsewhere": POOLER}
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": POOLER}, "stringData": settings},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": POOLER, "labels": labels},
            "spec": {
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 999,
                    "fsGroup": 999,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [container],
                "volumes": [{"name": "settings", "secret": {"secretName": POOLER}}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": POOLER},
            "spec": {"selector": labels, "ports": [{"port": 5432}]},
        },
    ]


def test_pgbouncer_may_pool_transactions(
    cluster: Cluster, release: Release, pooler_image: str, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    authority = trustme.CA()
    login = elsewhere.login("database-login")
    cluster.apply(release.namespace, login, *elsewhere.database(authority), *pooler(pooler_image))
    databases = {f"databases.{name}.existingSecret": "database-login" for name in ("engine", *SERVICE_PORTS)}
    settings = {
        "postgresql.enabled": "false",
        "externalDatabase.host": POOLER,
        "externalDatabase.sslMode": "disable",
        "engine.replicas": "2",
        **databases,
    }

    release.install(*(f"--set={name}={value}" for name, value in settings.items()))

    with replayed(release, run_hotel, tmp_path, "pooled", count=60, rate=3):
        pass
    through = "SELECT DISTINCT host(client_addr) FROM pg_stat_activity WHERE datname = 'engine'"
    psql = ("psql", "--username=postgres", "--tuples-only", "--no-align", f"--command={through}")
    addresses = cluster.kubectl("exec", "database", "--namespace", release.namespace, "--", *psql).split()
    place = ("--namespace", release.namespace, "--output=jsonpath={.status.podIP}")
    assert addresses == [cluster.kubectl("get", "pod", POOLER, *place)]
