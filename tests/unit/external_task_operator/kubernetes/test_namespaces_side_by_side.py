"""A namespace whose calls take their time holds up no other."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from external_task_operator.errors import ClusterUnreachable, Missing
from external_task_operator.kubernetes.leader_election import Leases
from external_task_operator.scaling.owners import CompetingAutoscalers
from external_task_operator.spec import TargetRef
from support.waiting import eventually

NAMESPACES = {f"ns-{number}" for number in range(200)}


class SlowCluster:
    """An API server that does not answer about one namespace until it is let."""

    def __init__(self) -> None:
        self.hangs = "/namespaces/ns-7/"
        self.answer = threading.Event()
        self.calls: list[str] = []
        self._lock = threading.Lock()

    def get(self, path: str, _params: object = None) -> Any:
        self._call(path)
        if "leases" in path:
            raise Missing("no lease yet")
        return {"items": []}

    def create(self, path: str, body: dict[str, Any]) -> Any:
        self._call(path)
        return {**body, "metadata": {**body["metadata"], "resourceVersion": "1"}}

    def replace(self, path: str, body: dict[str, Any]) -> Any:
        return self.create(path, body)

    def _call(self, path: str) -> None:
        with self._lock:
            self.calls.append(path)
        if self.hangs in path:
            self.answer.wait(60)


@pytest.fixture
def cluster() -> Iterator[SlowCluster]:
    cluster = SlowCluster()
    yield cluster
    cluster.answer.set()


@pytest.fixture
def leases(cluster: SlowCluster) -> Iterator[Leases]:
    leases = Leases(cluster, "operator-1")  # type: ignore[arg-type]
    yield leases
    cluster.answer.set()
    leases.close()


def test_all_other_leases_are_taken_and_renewed_while_one_hangs(cluster: SlowCluster, leases: Leases) -> None:
    for _ in range(3):
        leases.acquire_or_renew(NAMESPACES, patience=0.5)

    eventually(lambda: set(leases.held()) == NAMESPACES - {"ns-7"})
    assert len([call for call in cluster.calls if "/ns-7/" in call]) == 1, (
        "the same question is not asked twice"
    )

    cluster.answer.set()

    def all_held() -> bool:
        leases.acquire_or_renew(NAMESPACES)
        return set(leases.held()) == NAMESPACES

    eventually(all_held)


def test_an_error_about_one_lease_that_nobody_foresaw_ends_nothing(
    cluster: SlowCluster, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.hangs = "nowhere"
    original = cluster.create

    def create(path: str, body: dict[str, Any]) -> Any:
        if "/ns-7/" in path:
            raise RuntimeError("unforeseen")
        return original(path, body)

    monkeypatch.setattr(cluster, "create", create)
    leases.acquire_or_renew(NAMESPACES)

    assert set(leases.held()) == NAMESPACES - {"ns-7"}


def test_a_lease_that_is_given_back_while_it_is_renewed_stays_given_back(
    cluster: SlowCluster, leases: Leases
) -> None:
    cluster.hangs = "nowhere"
    leases.acquire_or_renew({"ns-7"})
    cluster.hangs = "/namespaces/ns-7/"
    leases.acquire_or_renew({"ns-7"}, patience=0)
    released = threading.Thread(target=leases.release)
    released.start()
    cluster.answer.set()
    released.join(20)

    assert leases.held() == []
    assert cluster.calls[-1].endswith("/external-task-operator")


def test_silence_is_noticed_only_where_calls_are_to_be_made(cluster: SlowCluster) -> None:
    now = 0.0
    leases = Leases(cluster, "operator-1", clock=lambda: now)  # type: ignore[arg-type]
    now = 100.0
    leases.acquire_or_renew(())
    idle = leases.silence()
    leases.acquire_or_renew({"ns-7"}, patience=0)
    now = 300.0
    hanging = leases.silence()
    cluster.answer.set()
    leases.close()

    assert (idle, hanging) == (0, 200)


def test_the_question_who_else_scales_is_asked_side_by_side(cluster: SlowCluster) -> None:
    competitors, done = CompetingAutoscalers(cluster), []  # type: ignore[arg-type]

    def ask(namespace: str) -> Callable[[], None]:
        def run() -> None:
            competitors.refuse(namespace, TargetRef(name="worker"))
            done.append(namespace)

        return run

    for namespace in ("ns-7", "ns-1", "ns-2"):
        threading.Thread(target=ask(namespace), daemon=True).start()

    eventually(lambda: sorted(done) == ["ns-1", "ns-2"])
    cluster.answer.set()
    eventually(lambda: "ns-7" in done)


def test_an_api_server_that_is_down_is_logged_once_a_lease(
    cluster: SlowCluster, leases: Leases, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def get(path: str, _params: object = None) -> Any:
        raise ClusterUnreachable(f"{path}: no answer")

    monkeypatch.setattr(cluster, "get", get)
    for _ in range(5):
        leases.acquire_or_renew({"ns-1"})

    assert [record.message for record in caplog.records] == ["Lease not renewed"]
