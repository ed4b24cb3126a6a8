"""hotel as `helm install` leaves it: it works, and it is closed to whom it does not know."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from support.bookings import bookings, write_csv
from support.cluster import HOOKS, PORTS, Cluster, Release, is_ready
from support.hotel_command import HotelCommand
from support.reach import CONNECT
from support.waiting import eventually

PYTHON_IMAGE = "hotel-cli:0.1.0"
ASK = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, timeout=10).status)
    except urllib.error.HTTPError as answer:
        print(answer.code)
"""
INSPECT = """
id -u
grep -q '^[^ ]* / [^ ]* ro[, ]' /proc/mounts || echo writable
ls /var/run/secrets/kubernetes.io/serviceaccount 2>/dev/null || true
"""


def test_all_pods_are_ready_and_none_was_restarted(hotel: Release) -> None:
    assert not hotel.unready()
    for pod in hotel.pods():
        for container in pod["status"]["containerStatuses"]:
            assert container["restartCount"] == 0, f"{pod['metadata']['name']} {container['name']}"


def test_helm_test_makes_a_reservation(hotel: Release) -> None:
    printed = hotel.cluster.helm("test", hotel.name, "--namespace", hotel.namespace, "--logs")

    assert "confirmed after" in printed


def test_the_notes_tell_the_password_of_cockpit(hotel: Release) -> None:
    notes = hotel.cluster.helm("get", "notes", hotel.name, "--namespace", hotel.namespace)
    found = re.search(r"kubectl get secret .*", notes)

    assert found
    printed = hotel.cluster.run("bash", "-c", found[0])
    assert printed == hotel.secret("engine-admin", "password") + "\n"


def test_a_replay_holds_all_invariants(
    run_hotel: HotelCommand, tmp_path: Path, note: Callable[[str], None]
) -> None:
    file = write_csv(tmp_path / "bookings.csv", bookings(100, seed=1))

    ran = run_hotel("replay", str(file), "--json")

    assert ran.code == 0, ran.out + ran.err
    rate, latency = ran.json["reservations_per_second"], ran.json["latency_seconds"]
    note(
        f"replay of 100 rows: {rate} per second, start to end p50 {latency['p50']} s, p95 {latency['p95']} s"
    )


def test_no_container_is_root_writes_to_its_root_or_holds_a_token_it_does_not_need(hotel: Release) -> None:
    # The oldest of each: the operator may just take others away.
    pods = sorted(hotel.pods(), key=lambda pod: pod["metadata"]["creationTimestamp"], reverse=True)
    for component, pod in {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod for pod in pods
    }.items():
        if component in HOOKS:
            continue
        for container in pod["spec"]["containers"]:
            place = ("--namespace", hotel.namespace, "--container", container["name"])
            shell = ("--", "sh", "-c", INSPECT)
            user, *seen = hotel.cluster.kubectl("exec", pod["metadata"]["name"], *place, *shell).split()
            assert int(user) > 0
            assert seen == (["ca.crt", "namespace", "token"] if component == "operator" else []), component


def test_without_credentials_the_engine_and_the_services_answer_401(hotel: Release) -> None:
    engine = f"http://{hotel.name}-engine:8080"
    urls = [
        f"{engine}/engine-rest/engine",
        f"{engine}/engine-rest/process-definition",
        f"{engine}/engine-rest/external-task/count",
        f"{engine}/operaton/api/engine/engine/default/process-definition",
        f"{engine}/operaton/api/cockpit/plugin/base/default/process-definition",
        f"http://{hotel.name}-room:5002/api/room/rooms",
        f"http://{hotel.name}-client:5004/api/client/clients",
    ]
    worker = hotel.pods("worker")[0]["metadata"]["name"]

    printed = hotel.cluster.kubectl(
        "exec", worker, "--namespace", hotel.namespace, "--", "python", "-c", ASK, *urls
    )

    assert printed.split() == ["401"] * len(urls)


def test_a_stray_pod_reaches_nothing(hotel: Release, namespace: str) -> None:
    domain = f"{hotel.namespace}.svc.cluster.local"
    targets = [f"{hotel.name}-{name}.{domain}:{port}" for name, port in {**PORTS, "engine": 8080}.items()]
    targets += [f"{pod['status']['podIP']}:8081" for pod in hotel.pods("engine")]

    for place in (hotel.namespace, namespace):
        assert not hotel.cluster.run_python(place, "stray", CONNECT, *targets, image=PYTHON_IMAGE).split()


def test_the_policies_are_what_keeps_a_stray_pod_out(cluster: Cluster, namespace: str) -> None:
    """The same script reaches the cluster's DNS, which no policy guards."""
    (dns,) = cluster.items("services", "kube-system", selector="k8s-app=kube-dns")
    target = f"{dns['spec']['clusterIP']}:53"

    assert cluster.run_python(namespace, "stray", CONNECT, target, image=PYTHON_IMAGE).split() == [target]


def test_the_worker_follows_the_backlog(hotel: Release) -> None:
    (scaler,) = hotel.cluster.items("externaltaskscalers", hotel.namespace)
    conditions = {c["type"]: c["status"] for c in scaler["status"]["conditions"]}

    assert conditions["Ready"] == "True", json.dumps(scaler["status"])


def test_a_worker_that_is_deleted_has_a_ready_successor(hotel: Release, note: Callable[[str], None]) -> None:
    gone = {pod["metadata"]["name"] for pod in hotel.pods("worker")}
    hotel.cluster.kubectl("delete", "pods", *gone, "--namespace", hotel.namespace, "--wait=false")

    successors = eventually(lambda: ready_workers(hotel, gone), seconds=120, every=0.5)

    seconds = max(seconds_to_ready(pod) for pod in successors)
    note(f"worker: ready {seconds:.0f} s after its container's start (Kubernetes counts whole seconds)")


def ready_workers(release: Release, gone: set[str]) -> list[dict[str, Any]]:
    """Return the workers if there are any, none of them of old and all of them ready."""
    pods = release.pods("worker")
    new = all(pod["metadata"]["name"] not in gone and is_ready(pod) for pod in pods)
    return pods if new else []


def seconds_to_ready(pod: dict[str, Any]) -> float:
    """Return how long after the start of its container a pod became ready."""
    status = pod["status"]
    (ready,) = (c["lastTransitionTime"] for c in status["conditions"] if c["type"] == "Ready")
    started = status["containerStatuses"][0]["state"]["running"]["startedAt"]
    return (datetime.fromisoformat(ready) - datetime.fromisoformat(started)).total_seconds()
