"""Scale-in that harms nobody, and locks that nobody holds any more."""

from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from external_task_operator.scaling import dead_pod_locks
from support.operator_world.world import NAMESPACE, Operator, World

COST = "controller.kubernetes.io/pod-deletion-cost"
OURS = "hotel.example.com/pod-deletion-cost"
CORDON = "hotel.example.com/cordoned-until"
AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}
PODS = ["worker-6f7-aaaaa", "worker-6f7-bbbbb", "worker-6f7-ccccc"]


@pytest.fixture
def operator(world: World) -> Operator:
    """Three pods, and a policy that would like to have one."""
    world.target(3)
    for pod in PODS:
        world.pod(pod)
    world.scaler(behavior=AT_ONCE, cooldownPeriod=0)
    operator = world.operator()
    world.engine.add("validate", 15)
    world.engine.lock(f"{PODS[1]}:1a2b", 15)
    operator.poll()
    world.engine.tasks = world.engine.tasks[:1]
    return operator


class TestProtection:
    def test_busy_pods_are_marked_just_before_the_scale_in(self, world: World, operator: Operator) -> None:
        world.api.requests.clear()

        operator.poll()

        changes = [r for r in world.api.requests if r.startswith(("PATCH /api/v1", "PUT /apis/apps"))]
        assert changes == [
            f"PATCH {paths.pod(NAMESPACE, PODS[1])}",
            f"PUT /apis/apps/v1/namespaces/{NAMESPACE}/deployments/worker/scale",
        ]
        assert world.replicas() == 1
        assert world.annotations(PODS[1]) == {COST: "1000", OURS: "1000"}

    def test_the_marks_go_when_the_scale_in_is_done(self, world: World, operator: Operator) -> None:
        operator.poll()
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))
        world.api.delete(paths.pod(NAMESPACE, PODS[2]))

        operator.poll()

        assert world.annotations(PODS[1]) == {}

    def test_the_marks_of_an_operator_that_died_are_removed_by_the_next(self, world: World) -> None:
        world.target(1)
        ours: dict[str, Any] = {COST: "1000", OURS: "1000"}
        foreign: dict[str, Any] = {COST: "7"}
        world.pod(PODS[0], **ours)
        world.pod(PODS[1], **foreign)
        world.scaler()

        world.operator().poll()

        assert world.annotations(PODS[0]) == {}
        assert world.annotations(PODS[1]) == {COST: "7"}

    def test_busy_pods_bound_the_scale_in(self, world: World, operator: Operator) -> None:
        world.engine.add("validate", 2)
        world.engine.lock(f"{PODS[0]}:3c4d", 1)
        world.engine.lock(f"{PODS[2]}:5e6f", 1)

        operator.poll()

        assert world.replicas() == 3
        assert world.status()["reason"] == "BusyPods"
        assert "3 of 3 pods hold locks" in world.status()["decision"]
        assert world.annotations(PODS[0]) == {}

    def test_a_roll_out_that_blocks_the_scale_in_is_named(self, world: World, operator: Operator) -> None:
        pod = world.api.get(paths.pod(NAMESPACE, PODS[0]))
        assert pod is not None
        pod["metadata"]["labels"]["pod-template-hash"] = "new"

        operator.poll()

        assert world.replicas() == 3
        assert "a roll-out is under way (pods of 2 templates)" in world.status()["decision"]

    def test_one_idle_pod_goes_and_the_busy_ones_stay(self, world: World, operator: Operator) -> None:
        world.engine.add("validate", 1)
        world.engine.lock(f"{PODS[2]}:5e6f", 1)

        operator.poll()

        assert world.replicas() == 2
        assert world.annotations(PODS[0]) == {}
        assert world.annotations(PODS[2])[COST] == "1000"

    @pytest.mark.parametrize("refused", ["GET /api/v1/namespaces/hotel/pods", "PATCH /api/v1"])
    def test_without_the_right_to_see_or_mark_pods_nobody_goes(
        self, world: World, operator: Operator, refused: str
    ) -> None:
        world.api.refused[refused] = 403

        operator.poll()

        assert world.replicas() == 3
        assert world.status()["reason"] == "BusyPods"

    def test_without_protection_it_does_not_look(self, world: World, operator: Operator) -> None:
        world.scaler(behavior=AT_ONCE, protectBusyPods=False)
        world.api.refused["GET /api/v1/namespaces/hotel/pods"] = 403

        operator.poll()

        assert world.replicas() == 1

    def test_the_maximum_is_stronger_than_a_busy_pod_but_idle_ones_go_first(
        self, world: World, operator: Operator
    ) -> None:
        world.engine.add("validate", 19)
        world.engine.lock(f"{PODS[0]}:3c4d", 10)
        world.engine.lock(f"{PODS[2]}:3c4d", 9)
        world.scaler(behavior=AT_ONCE, maxReplicaCount=2)

        operator.poll()

        assert world.replicas() == 2
        assert "maxReplicaCount is 2" in world.status()["decision"]

    def test_a_stateful_set_shrinks_from_its_highest_number_to_its_highest_busy_pod(
        self, world: World
    ) -> None:
        target = {"kind": "StatefulSet", "name": "worker"}
        world.target(4, kind="statefulsets")
        for number in range(4):
            world.pod(f"worker-{number}")
        world.scaler(scaleTargetRef=target, behavior=AT_ONCE)
        world.engine.add("validate", 20)
        world.engine.lock("worker-1:1a2b", 20)
        operator = world.operator()
        operator.poll()
        world.engine.tasks = world.engine.tasks[:1]

        operator.poll()

        assert world.replicas(kind="statefulsets") == 2
        assert world.annotations("worker-1") == {}


class TestCordon:
    @pytest.fixture
    def operator(self, world: World) -> Operator:
        """Three pods that hold locks, and a policy that would like to have one."""
        world.target(3)
        for pod in PODS:
            world.pod(pod)
        world.scaler(behavior=AT_ONCE, cooldownPeriod=0, cordonSeconds=30)
        operator = world.operator()
        world.engine.add("validate", 15)
        operator.poll()
        world.engine.tasks = world.engine.tasks[:5]
        for pod in PODS:
            world.engine.lock(f"{pod}:1a2b", 1)
        world.engine.lock(f"{PODS[0]}:1a2b", 2)
        return operator

    def cordoned(self, world: World) -> list[str]:
        return [pod for pod in PODS if CORDON in world.annotations(pod)]

    def test_pods_at_work_are_told_to_take_no_more_and_go_when_they_have_ended(
        self, world: World, operator: Operator
    ) -> None:
        operator.poll()
        assert self.cordoned(world) == PODS[1:]
        assert (world.replicas(), world.status()["reason"]) == (3, "Cordoning")
        assert "0 of 2 pods that are to go have ended their tasks" in world.status()["decision"]

        world.engine.complete(f"{PODS[2]}:1a2b")
        world.rest(PODS[2])
        operator.poll()
        assert world.replicas() == 2
        assert {pod: COST in world.annotations(pod) for pod in PODS} == {
            PODS[0]: True,
            PODS[1]: True,
            PODS[2]: False,
        }

    def test_while_they_are_waited_for_the_next_look_comes_soon(
        self, world: World, operator: Operator
    ) -> None:
        (scaler,) = operator.registry.all()
        beat = scaler.interval * (1000 + scaler.phase)

        def next_look() -> float:
            operator.poll()
            operator.registry.reschedule(scaler, beat)
            return scaler.due - beat

        assert next_look() == pytest.approx(1)
        world.engine.add("validate", 20)
        assert next_look() == pytest.approx(5)

    def test_when_there_is_more_to_do_they_go_on(self, world: World, operator: Operator) -> None:
        operator.poll()
        world.engine.add("validate", 20)

        operator.poll()

        assert self.cordoned(world) == []
        assert world.replicas() == 5

    @pytest.mark.parametrize(
        "spec", [{"paused": True}, {"dryRun": True}, {"cordonSeconds": 0, "minReplicaCount": 3}]
    )
    def test_a_changed_mind_lets_them_go_on(
        self, world: World, operator: Operator, spec: dict[str, Any]
    ) -> None:
        operator.poll()
        world.scaler(behavior=AT_ONCE, **{"cordonSeconds": 30, **spec})

        operator.poll()

        assert self.cordoned(world) == []

    def test_an_engine_that_is_away_lets_them_go_on(self, world: World, operator: Operator) -> None:
        operator.poll()
        world.engine.status = 503

        operator.poll()

        assert self.cordoned(world) == []

    def test_cordons_of_an_operator_that_died_are_taken_over_by_the_next(
        self, world: World, operator: Operator
    ) -> None:
        operator.poll()
        until = world.annotations(PODS[1])[CORDON]
        operator.stop()

        following = world.operator()
        following.poll()

        assert self.cordoned(world) == PODS[1:]
        assert world.annotations(PODS[1])[CORDON] == until

    def test_to_zero_too_they_are_told_first(self, world: World, operator: Operator) -> None:
        """A task that comes now is fetched by nobody who is about to go."""
        world.engine.tasks = []
        operator.poll()
        assert self.cordoned(world) == PODS
        assert world.replicas() == 3

        for pod in PODS:
            world.rest(pod)
        operator.poll()

        assert world.replicas() == 0

    def test_who_cannot_be_told_stays(self, world: World, operator: Operator) -> None:
        world.api.refused["PATCH /api/v1"] = 403

        operator.poll()

        assert world.replicas() == 3
        assert "pods cannot be cordoned" in world.status()["decision"]

    def test_a_stateful_set_is_told_from_its_highest_number(self, world: World) -> None:
        world.target(3, kind="statefulsets")
        names = [f"worker-{number}" for number in range(3)]
        for name in names:
            world.pod(name)
        target = {"kind": "StatefulSet", "name": "worker"}
        world.scaler(scaleTargetRef=target, behavior=AT_ONCE, cordonSeconds=30)
        world.engine.add("validate", 15)
        operator = world.operator()
        operator.poll()
        world.engine.tasks = world.engine.tasks[:1]

        operator.poll()
        assert [CORDON in world.annotations(name) for name in names] == [False, True, True]
        world.rest("worker-1")
        operator.poll()
        assert world.replicas(kind="statefulsets") == 3
        world.rest("worker-2")
        operator.poll()
        assert world.replicas(kind="statefulsets") == 1


class TestOrphans:
    def prepare(self, world: World) -> Operator:
        world.target(2)
        world.pod(PODS[0])
        world.pod(PODS[1])
        world.scaler(unlockOrphans=True, minReplicaCount=2)
        world.engine.add("validate", 4)
        world.engine.lock(f"{PODS[0]}:1a2b", 2)
        world.engine.lock(f"{PODS[1]}:3c4d", 2)
        operator = world.operator()
        operator.poll()
        return operator

    def holders(self, world: World) -> list[str | None]:
        return [task.worker_id for task in world.engine.tasks]

    def test_what_a_pod_held_that_is_gone_is_unlocked(self, world: World) -> None:
        operator = self.prepare(world)
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))

        operator.poll()

        assert self.holders(world) == [None, None, f"{PODS[1]}:3c4d", f"{PODS[1]}:3c4d"]
        assert ("Normal", "OrphansUnlocked") in world.events()

    def test_a_task_that_another_worker_has_fetched_meanwhile_is_left_to_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        operator = self.prepare(world)
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))
        original = dead_pod_locks.is_gone

        def is_gone(*arguments: Any) -> bool:
            world.engine.tasks[0].worker_id = f"{PODS[1]}:3c4d"
            return original(*arguments)

        monkeypatch.setattr(dead_pod_locks, "is_gone", is_gone)
        operator.poll()

        assert self.holders(world)[:2] == [f"{PODS[1]}:3c4d", None]

    def test_a_pod_whose_processes_have_ended_counts_as_gone(self, world: World) -> None:
        operator = self.prepare(world)
        pod = world.api.get(paths.pod(NAMESPACE, PODS[0]))
        assert pod is not None
        pod["status"]["phase"] = "Failed"

        operator.poll()

        assert self.holders(world)[:2] == [None, None]

    def test_a_pod_that_is_still_terminating_keeps_its_locks(self, world: World) -> None:
        operator = self.prepare(world)
        pod = world.api.get(paths.pod(NAMESPACE, PODS[0]))
        assert pod is not None
        pod["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"

        operator.poll()

        assert None not in self.holders(world)

    def test_a_pod_that_lost_its_label_keeps_its_locks_for_it_still_runs(self, world: World) -> None:
        """`kubectl label pod P app=debug --overwrite` takes a pod out of service to look at it."""
        operator = self.prepare(world)
        pod = world.api.get(paths.pod(NAMESPACE, PODS[0]))
        assert pod is not None
        pod["metadata"]["labels"] = {"app": "debug"}

        operator.poll(3)
        kept = self.holders(world)
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))
        operator.poll()

        assert None not in kept
        assert self.holders(world)[:2] == [None, None]

    def test_pods_of_a_former_target_are_not_taken_for_gone(self, world: World) -> None:
        operator = self.prepare(world)
        world.target(1, "other")
        world.scaler(unlockOrphans=True, minReplicaCount=1, scaleTargetRef={"name": "other"})

        operator.poll(3)

        assert None not in self.holders(world)

    @pytest.mark.parametrize("status", [403, 500])
    def test_a_pod_that_cannot_be_asked_for_keeps_its_locks_and_that_is_said(
        self, world: World, status: int
    ) -> None:
        operator = self.prepare(world)
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))
        world.api.refused[f"GET {paths.pod(NAMESPACE, PODS[0])}"] = status

        operator.poll(2)

        assert None not in self.holders(world)
        assert world.condition("CleanedUp") == ("False", "OrphansNotUnlocked")
        assert world.condition("Ready") == ("True", "Ready")
        assert world.events().count(("Warning", "OrphansNotUnlocked")) == 1

    def test_the_new_pod_of_a_stateful_set_keeps_its_locks_the_old_one_does_not(self, world: World) -> None:
        """Both have the same name, and so do not tell whose worker id it is."""
        world.target(1, kind="statefulsets")
        world.pod("worker-0")
        target = {"kind": "StatefulSet", "name": "worker"}
        world.scaler(scaleTargetRef=target, unlockOrphans=True, minReplicaCount=1)
        world.engine.add("validate", 2)
        world.engine.lock("worker-0:old", 1)
        operator = world.operator()
        operator.poll()
        world.api.delete(paths.pod(NAMESPACE, "worker-0"))
        world.pod("worker-0")
        world.engine.lock("worker-0:new", 1)

        operator.poll(3)

        assert self.holders(world) == [None, "worker-0:new"]

    def test_scalers_that_share_a_topic_share_the_question_who_holds_locks(self, world: World) -> None:
        for number in range(5):
            name = f"worker-{number}"
            world.target(2, name)
            for pod in ("a", "b"):
                world.pod(f"{name}-{pod}", app=name)
            world.scaler(name, scaleTargetRef={"name": name}, unlockOrphans=True, minReplicaCount=2)
        world.engine.add("validate", 2500)
        world.engine.lock("worker-0-a:1a2b", 2500)
        operator = world.operator()
        operator.poll(2)
        world.engine.requests.clear()
        for number in range(5):
            world.api.delete(paths.pod(NAMESPACE, f"worker-{number}-b"))

        operator.poll(5)

        listings = [r for r in world.engine.requests if r.startswith("POST /engine-rest/external-task?")]
        assert len(listings) <= 6, "a page for each thousand: once for five pods, once for a look at the pods"

    def test_workers_that_were_never_seen_as_pods_keep_their_locks(self, world: World) -> None:
        """They may be on a laptop, or in another cluster that shares the engine."""
        operator = self.prepare(world)
        world.engine.add("validate", 2)
        world.engine.lock("laptop:1a2b", 1)
        world.engine.lock("worker-6f7-zzzzz:1a2b", 1)

        operator.poll(3)

        assert None not in self.holders(world)

    def test_a_task_that_waits_for_its_next_try_is_not_hurried(self, world: World) -> None:
        operator = self.prepare(world)
        world.engine.tasks[0].error = "the room service did not answer"
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))

        operator.poll()

        assert self.holders(world)[:2] == [f"{PODS[0]}:1a2b", None]

    def test_without_the_right_it_is_said_once_and_not_tried_all_the_time(self, world: World) -> None:
        operator = self.prepare(world)
        world.engine.may_unlock = False
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))

        operator.poll(5)

        assert world.events().count(("Warning", "OrphansNotUnlocked")) == 1
        assert len([request for request in world.engine.requests if "unlock" in request]) == 1
        assert world.condition("Ready") == ("True", "Ready")

    def test_it_is_off_by_default(self, world: World) -> None:
        operator = self.prepare(world)
        world.scaler(minReplicaCount=2)
        world.api.delete(paths.pod(NAMESPACE, PODS[0]))

        operator.poll(2)

        assert None not in self.holders(world)
