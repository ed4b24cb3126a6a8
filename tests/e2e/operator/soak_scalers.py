"""A thousand scalers in a hundred namespaces of a real API server; `make soak-scalers`, not in `make e2e`.

SOAK_SECONDS is how long it is measured, 1800 by default.
"""

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from e2e.conftest import Note
from support.cluster import Cluster
from support.operator_load import beside, cpu_seconds, lateness, mebibytes, quantile, serve_engine
from support.scaled_workers import FLEET_GROUP, ScaledWorkers, fleet, install_fleets
from support.waiting import eventually

SECONDS = float(os.environ.get("SOAK_SECONDS", "1800"))
NAMESPACES, EACH, ACTIVE, INTERVAL = 100, 10, 0.1, 5
SCALERS = NAMESPACES * EACH
RIGHTS = (
    "--set=rbac.allNamespaces=true",
    f"--set=rbac.scaleTargets[0].apiGroup={FLEET_GROUP},rbac.scaleTargets[0].resource=fleets",
)
SETTLED_AFTER = 60.0


@contextmanager
def namespaces(cluster: Cluster) -> Iterator[list[str]]:
    """Namespaces for the scalers, deleted afterwards."""
    labels = {"hotel.example.com/soak": "scalers"}
    names = [f"fleets-{number}" for number in range(NAMESPACES)]
    cluster.apply(
        "default",
        *(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
            for name in names
        ),
    )
    try:
        yield names
    finally:
        cluster.kubectl(
            "delete", "namespace", "--selector=hotel.example.com/soak=scalers", "--wait=false", seconds=300
        )


@pytest.mark.timeout(7200)
def test_the_operators_memory_stays_the_same(scaled: ScaledWorkers, note: Note) -> None:
    cluster = scaled.cluster
    install_fleets(cluster)
    scaled.install_rights(*RIGHTS)
    topics = {f"topic-{number}" for number in range(round(SCALERS * ACTIVE))}
    with namespaces(cluster) as names, beside(serve_engine, topics) as (engine, _):
        scaled.engine_url = engine.recv()
        for index, name in enumerate(names):
            numbers = range(index * EACH, (index + 1) * EACH)
            objects = [(fleet(f"fleet-{number}", 1), scaler(scaled, number)) for number in numbers]
            cluster.apply(name, *itertools.chain.from_iterable(objects))
        with scaled.operator(OPERATOR_NAMESPACES="*", LOG_LEVEL="WARNING") as operator:
            eventually(
                lambda: lateness(operator.port).get(float("inf"), 0) >= 2 * SCALERS, seconds=300, every=2
            )
            time.sleep(SETTLED_AFTER)
            pid = operator.popen.pid
            before, used, memory = lateness(operator.port), cpu_seconds(pid), mebibytes(pid, "VmRSS")
            began = time.monotonic()
            time.sleep(SECONDS)
            took = time.monotonic() - began
            late, polls = quantile(before, lateness(operator.port), 0.99)
            cores = (cpu_seconds(pid) - used) / took
            note(f"{SCALERS} scalers in {NAMESPACES} namespaces, {took:.0f} s: {cores:.2f} cores")
            note(f"{polls / took:.0f} polls a second of {SCALERS / INTERVAL:.0f}, lateness p99 {late:.2f} s")
            now = mebibytes(pid, "VmRSS")
            note(f"memory {memory:.0f} MiB, then {now:.0f}, at most {mebibytes(pid):.0f}")
            assert now < 1.2 * memory


def scaler(scaled: ScaledWorkers, number: int) -> dict[str, object]:
    """Return a scaler that polls every 5 s, whose target is a fleet of the same number."""
    target = {"apiVersion": f"{FLEET_GROUP}/v1", "kind": "Fleet", "name": f"fleet-{number}"}
    return scaled.manifest(
        f"scaler-{number}",
        scaleTargetRef=target,
        topics=[f"topic-{number}"],
        pollingInterval=INTERVAL,
        minReplicaCount=1,
    )
