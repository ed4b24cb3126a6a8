"""What the policy decides, poll by poll."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from external_task_operator.errors import FailureKind
from external_task_operator.policy.decision import Decision, Limit, Reason
from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Failure, Observation, TopicCount
from external_task_operator.policy.policy import decide
from external_task_operator.spec import ScalerSpec
from hypothesis import given
from hypothesis import strategies as st

START = 1_800_000_000.0
DOWN = Failure(FailureKind.ENGINE_UNREACHABLE, "the engine did not answer")


def spec(**fields: Any) -> ScalerSpec:
    return ScalerSpec.model_validate(
        {
            "scaleTargetRef": {"name": "worker"},
            "engine": {"url": "http://engine/engine-rest"},
            "topics": ["t"],
            "maxReplicaCount": 20,
            **fields,
        }
    )


class Target:
    """A target that does what the policy says, polled every five seconds."""

    def __init__(self, scaler: ScalerSpec, replicas: int = 0) -> None:
        self.scaler = scaler
        self.replicas = replicas
        self.history = History()
        self.now = START

    def poll(
        self, unlocked: int = 0, locked: int = 0, *, failure: Failure | None = None, seconds: float = 5
    ) -> Decision:
        counts = {} if failure else {"t": TopicCount(unlocked, locked)}
        decision = decide(self.scaler, Observation(self.replicas, counts, failure), self.history, self.now)
        self.history = decision.history
        if decision.act:
            longest = max(
                self.scaler.behavior.scale_up.longest_period_seconds,
                self.scaler.behavior.scale_down.longest_period_seconds,
            )
            change = decision.replicas - self.replicas
            self.history = self.history.scaled(change, self.now, keep_seconds=longest)
            self.replicas = decision.replicas
        self.now += seconds
        return decision

    def polls(self, count: int, unlocked: int = 0, locked: int = 0) -> list[int]:
        return [(self.poll(unlocked, locked), self.replicas)[1] for _ in range(count)]


class TestUp:
    def test_from_zero_to_what_is_needed_in_one_step(self) -> None:
        decision = Target(spec()).poll(unlocked=34)

        assert (decision.replicas, decision.reason, decision.act) == (7, Reason.SCALE_UP, True)
        assert decision.sentence == (
            "Scale up 0 → 7: 34 tasks (34 waiting, 0 locked), 5 per replica, ask for 7."
        )

    def test_maximum_bounds_and_is_said(self) -> None:
        decision = Target(spec()).poll(unlocked=1000)

        assert (decision.replicas, decision.limited) == (20, Limit.TOO_MANY_REPLICAS)
        assert decision.sentence.endswith("ask for 200; maxReplicaCount is 20.")

    def test_at_the_maximum_it_stays_and_says_why(self) -> None:
        decision = Target(spec(), replicas=20).poll(unlocked=1000)

        assert (decision.act, decision.reason) == (False, Reason.AT_MAXIMUM)

    def test_policies_of_the_user_hold_from_zero_too(self) -> None:
        rules = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 15}]}}
        target = Target(spec(behavior=rules))

        assert target.polls(7, unlocked=50) == [2, 2, 2, 4, 4, 4, 6]
        assert target.poll(unlocked=50).reason == Reason.RATE_LIMITED

    def test_hpa_default_policies_double_every_fifteen_seconds(self) -> None:
        rules = {
            "scaleUp": {
                "policies": [
                    {"type": "Percent", "value": 100, "periodSeconds": 15},
                    {"type": "Pods", "value": 4, "periodSeconds": 15},
                ]
            }
        }

        assert Target(spec(behavior=rules), replicas=1).polls(7, unlocked=100) == [5, 5, 5, 10, 10, 10, 20]

    def test_scale_up_window_waits_for_the_backlog_to_last(self) -> None:
        target = Target(spec(behavior={"scaleUp": {"stabilizationWindowSeconds": 15}}), replicas=1)
        target.poll(locked=3)

        decision = target.poll(unlocked=50)

        assert (decision.reason, decision.stabilised) == (Reason.STABILIZING, Limit.SCALE_UP_STABILIZED)
        assert target.polls(4, unlocked=50) == [1, 1, 10, 10]

    def test_an_old_task_adds_replicas_although_the_backlog_is_small(self) -> None:
        scaler = spec(target={"tasksPerReplica": 100, "maxTaskAgeSeconds": 60})
        seen = Observation(2, {"t": TopicCount(30, 2)}, oldest_seconds=90)

        decision = decide(scaler, seen, History(), START)

        assert (decision.replicas, decision.reason) == (3, Reason.TASK_TOO_OLD)
        assert "the oldest waits for 90 s" in decision.sentence


class TestDown:
    def test_scale_in_waits_for_the_window_and_then_is_one_step(self) -> None:
        target = Target(spec())
        target.poll(unlocked=40)

        decision = target.poll(locked=4)

        assert (decision.reason, decision.act) == (Reason.STABILIZING, False)
        assert decision.stabilised == Limit.SCALE_DOWN_STABILIZED
        assert re.search(
            r"ask for 1; scale-in waits until \d\d:\d\d:\d\dZ, for 8 were asked for in the last 60 s\.$",
            decision.sentence,
        )
        assert target.polls(12, locked=4) == [8] * 11 + [1]

    @pytest.mark.parametrize("interval", [1, 5, 30, 60, 90, 3600])
    @pytest.mark.parametrize("window", [5, 60])
    def test_the_window_begins_when_the_tasks_are_found_gone_at_any_interval(
        self, interval: int, window: int
    ) -> None:
        rules = {"scaleDown": {"stabilizationWindowSeconds": window}}
        target = Target(spec(behavior=rules, cooldownPeriod=0, pollingInterval=interval))
        target.poll(unlocked=40, seconds=interval)
        target.poll(unlocked=40, seconds=interval)

        found_gone = target.now
        while target.replicas:
            at = target.now
            target.poll(seconds=interval)

        assert window <= at - found_gone < window + interval

    @pytest.mark.parametrize("interval", [1, 5, 30, 60, 90, 3600])
    def test_the_cooldown_begins_when_the_tasks_are_found_gone_at_any_interval(self, interval: int) -> None:
        at_once = {"scaleDown": {"stabilizationWindowSeconds": 0}}
        target = Target(spec(behavior=at_once, cooldownPeriod=60, pollingInterval=interval))
        target.poll(unlocked=3, seconds=interval)
        target.poll(unlocked=3, seconds=interval)

        found_gone = target.now
        while target.replicas:
            at = target.now
            target.poll(seconds=interval)

        assert 60 <= at - found_gone < 60 + interval

    def test_the_tolerance_is_named_where_it_decides(self) -> None:
        target = Target(spec(maxReplicaCount=50), replicas=21)

        decision = target.poll(unlocked=115)

        assert (decision.replicas, decision.reason) == (21, Reason.AT_TARGET)
        assert decision.sentence.endswith("ask for 23 (21 are within behavior's tolerance).")

    def test_the_sentence_stays_the_same_while_it_waits(self) -> None:
        target = Target(spec())
        target.poll(unlocked=40)

        assert len({target.poll(locked=4).sentence for _ in range(10)}) == 1

    def test_a_short_lull_changes_nothing(self) -> None:
        target = Target(spec(), replicas=8)

        assert target.polls(5, locked=40) + target.polls(8) + target.polls(5, locked=40) == [8] * 18

    @pytest.mark.parametrize(
        ("recommendation", "steady"),
        [
            ({}, 8),
            ({"drainSeconds": 10, "averageTaskSeconds": 1}, 10),
            ({"maxTaskAgeSeconds": 30}, 8),
            ({"drainSeconds": 600, "averageTaskSeconds": 0.1, "maxTaskAgeSeconds": 5}, 10),
        ],
    )
    def test_steady_load_never_oscillates(self, recommendation: dict[str, float], steady: int) -> None:
        """Workers that long-poll take what waits at once: only what is locked shows that they are needed."""
        target = Target(spec(target=recommendation))
        target.poll(unlocked=40)

        replicas = [target.polls(1, *counts)[0] for counts in [(0, 40), (3, 38), (0, 41), (1, 39)] * 30]

        assert set(replicas[12:]) == {steady}, "after the first minute"

    def test_nothing_to_do_and_nothing_there_is_idle(self) -> None:
        decision = Target(spec()).poll()

        assert (decision.reason, decision.act, decision.active) == (Reason.IDLE, False, False)
        assert decision.sentence == "Keep 0: no tasks."

    def test_disabled_scale_in_stays(self) -> None:
        target = Target(spec(behavior={"scaleDown": {"selectPolicy": "Disabled"}}), replicas=5)

        assert target.polls(40) == [5] * 40

    def test_a_new_operator_does_not_begin_with_a_scale_in(self) -> None:
        assert Target(spec(), replicas=5).polls(12) == [5] * 12


class TestToZero:
    def test_zero_needs_the_cooldown_without_any_task(self) -> None:
        target = Target(spec(cooldownPeriod=120), replicas=3)
        target.poll(locked=1)

        assert target.polls(26) == [3] * 11 + [1] * 13 + [0, 0]

    def test_while_cooling_down_the_time_is_said(self) -> None:
        target = Target(spec(cooldownPeriod=120), replicas=1)
        target.poll(locked=1)
        target.polls(12)

        decision = target.poll()

        assert decision.reason == Reason.COOLDOWN
        assert re.search(r"to 0 at \d\d:\d\d:\d\dZ, when cooldownPeriod \(120 s\) is over", decision.sentence)

    def test_one_locked_task_keeps_one_replica_for_ever(self) -> None:
        target = Target(spec(cooldownPeriod=0), replicas=1)

        assert set(target.polls(500, locked=1)) == {1}

    def test_minimum_keeps_replicas_without_tasks(self) -> None:
        target = Target(spec(minReplicaCount=2), replicas=4)

        assert target.polls(20)[-1] == 2
        assert target.poll().reason == Reason.AT_MINIMUM

    def test_the_cooldown_is_no_second_window_after_the_first(self) -> None:
        target = Target(spec(cooldownPeriod=60), replicas=2)
        target.poll(locked=1)

        assert target.polls(13)[-1] == 0


class TestTime:
    """What the clock does while nobody looks, or by itself."""

    def test_time_in_which_nobody_looked_does_not_count_towards_zero(self) -> None:
        at_once = {"scaleDown": {"stabilizationWindowSeconds": 0}}
        target = Target(spec(cooldownPeriod=60, behavior=at_once), replicas=4)
        target.polls(5, locked=20)
        target.now += 600

        assert target.polls(14) == [1] * 12 + [0] * 2

    def test_time_in_which_nobody_looked_does_not_count_towards_the_window(self) -> None:
        target = Target(spec(), replicas=4)
        target.polls(5, locked=20)
        target.now += 600

        assert target.polls(13, locked=1) == [4] * 12 + [1]

    def test_a_poll_that_comes_late_is_no_outage(self) -> None:
        target = Target(spec(), replicas=4)
        target.polls(5, locked=20)
        target.polls(11, locked=1)
        target.now += 5

        assert target.polls(1, locked=1) == [1]

    def test_a_clock_that_is_set_back_keeps_replicas_for_no_longer_than_the_window(self) -> None:
        rules = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}
        target = Target(spec(behavior=rules), replicas=4)
        target.now += 3600
        target.polls(3, locked=20)
        target.polls(3, locked=30)
        target.now = START

        assert target.polls(12) == [6] * 12
        assert target.polls(2)[-1] == 0
        assert target.polls(1, unlocked=10) == [2]


class TestBounds:
    @pytest.mark.parametrize(("replicas", "corrected"), [(30, 20), (1, 3)])
    def test_replicas_out_of_bounds_are_corrected_at_once(self, replicas: int, corrected: int) -> None:
        rules = {
            "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}]},
            "scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}]},
        }
        target = Target(spec(minReplicaCount=3, behavior=rules), replicas=replicas)

        assert target.poll(locked=100).replicas == corrected

    @pytest.mark.parametrize(("replicas", "corrected"), [(30, 20), (1, 3), (7, 7)])
    def test_bounds_hold_while_the_engine_is_away(self, replicas: int, corrected: int) -> None:
        assert Target(spec(minReplicaCount=3), replicas).poll(failure=DOWN).replicas == corrected


class TestFailure:
    def test_unknown_is_not_zero(self) -> None:
        target = Target(spec(), replicas=4)
        target.poll(locked=20)

        decisions = [target.poll(failure=DOWN) for _ in range(500)]

        assert target.replicas == 4
        assert decisions[-1].reason == Reason.METRICS_UNAVAILABLE
        assert decisions[-1].sentence == (
            "Keep 4: the engine did not answer; what is not known is not taken as 0."
        )
        assert decisions[-1].history.failures == 500
        assert decisions[-1].active is None

    def test_after_an_outage_scale_in_waits_its_window_again(self) -> None:
        target = Target(spec(), replicas=4)
        target.poll(locked=20)
        for _ in range(100):
            target.poll(failure=DOWN)

        assert target.polls(13) == [4] * 12 + [0]
        assert target.history.failures == 0

    @pytest.mark.parametrize(
        ("behavior", "current", "replicas"),
        [
            ("static", 2, 6),
            ("static", 9, 6),
            ("currentReplicas", 2, 2),
            ("currentReplicasIfHigher", 2, 6),
            ("currentReplicasIfHigher", 9, 9),
            ("currentReplicasIfLower", 2, 2),
            ("currentReplicasIfLower", 9, 6),
            ("currentReplicasIfHigher", 0, 6),
            ("static", 0, 6),
        ],
    )
    def test_fallback_after_the_threshold(self, behavior: str, current: int, replicas: int) -> None:
        fallback = {"failureThreshold": 3, "replicas": 6, "behavior": behavior}
        target = Target(spec(fallback=fallback), replicas=current)

        decisions = [target.poll(failure=DOWN) for _ in range(3)]

        assert [decision.replicas for decision in decisions] == [current, current, replicas]
        assert [decision.fallback for decision in decisions] == [False, False, True]
        assert decisions[-1].reason == Reason.FALLBACK

    def test_one_good_poll_ends_the_fallback(self) -> None:
        target = Target(spec(fallback={"failureThreshold": 2, "replicas": 6}), replicas=1)
        for _ in range(5):
            target.poll(failure=DOWN)

        assert target.poll(unlocked=40).fallback is False
        assert target.poll(failure=DOWN).fallback is False

    def test_topics_that_cannot_be_read_forbid_scale_in_only(self) -> None:
        scaler = spec(topics=["t", "u"], behavior={"scaleDown": {"stabilizationWindowSeconds": 0}})
        partly = Failure(FailureKind.ENGINE_ANSWER, "topic u could not be counted")

        less = decide(scaler, Observation(8, {"t": TopicCount(5, 0)}, partly), History(), START)
        more = decide(scaler, Observation(1, {"t": TopicCount(50, 0)}, partly), History(), START)

        assert (less.replicas, less.reason) == (8, Reason.METRICS_INCOMPLETE)
        assert "topic u could not be counted" in less.sentence
        assert (more.replicas, more.reason) == (10, Reason.SCALE_UP)

    def test_no_tasks_in_the_topics_that_are_known_is_not_inactive(self) -> None:
        partly = Failure(FailureKind.ENGINE_ANSWER, "topic u could not be counted")

        decision = decide(spec(), Observation(1, {"t": TopicCount(0, 0)}, partly), History(), START + 9999)

        assert (decision.active, decision.replicas) == (None, 1)


class TestWithheld:
    @pytest.mark.parametrize(
        ("field", "reason", "start"),
        [
            ("paused", Reason.PAUSED, "Paused, stays at 1: Scale up 1 → 8"),
            ("dryRun", Reason.DRY_RUN, "Dry run"),
        ],
    )
    def test_decides_and_does_not_act(self, field: str, reason: Reason, start: str) -> None:
        decision = Target(spec(**{field: True}), replicas=1).poll(unlocked=40)

        assert (decision.replicas, decision.reason, decision.act) == (8, reason, False)
        assert decision.sentence.startswith(start)

    def test_paused_leaves_replicas_out_of_bounds_alone(self) -> None:
        assert Target(spec(paused=True), replicas=500).poll().act is False


def test_sparing_busy_pods_changes_number_reason_and_sentence() -> None:
    target = Target(spec(behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}), replicas=5)
    target.poll(locked=25)
    decision = target.poll(locked=5)

    kept = decision.spared(5, "the pods that would go hold locks")
    fewer = decision.spared(3, "2 of the pods that would go hold locks")

    assert (decision.replicas, kept.replicas, kept.act, kept.reason) == (1, 5, False, Reason.BUSY_PODS)
    assert (fewer.replicas, fewer.act, fewer.reason) == (3, True, Reason.SCALE_DOWN)
    assert fewer.sentence.startswith("Scale down 5 → 3; 2 of the pods that would go hold locks. Otherwise: ")


polls = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 200), st.integers(0, 200)),
        st.tuples(st.just(0), st.just(0)),
        st.none(),
    ),
    min_size=1,
    max_size=60,
)
scalers = st.builds(
    lambda minimum, window, cooldown, drain: spec(
        minReplicaCount=minimum,
        cooldownPeriod=cooldown,
        behavior={"scaleDown": {"stabilizationWindowSeconds": window}},
        target={"drainSeconds": 10, "averageTaskSeconds": 1} if drain else {},
    ),
    st.integers(0, 3),
    st.sampled_from([0, 10, 60]),
    st.sampled_from([0, 10, 60]),
    st.booleans(),
)


def run(target: Target, seen: Iterable[tuple[int, int] | None]) -> Iterable[tuple[int, Decision]]:
    for counts in seen:
        before = target.replicas
        yield before, target.poll(failure=DOWN) if counts is None else target.poll(*counts)


@given(scaler=scalers, start=st.integers(0, 25), seen=polls)
def test_whatever_happens_bounds_hold_and_zero_is_certain(
    scaler: ScalerSpec, start: int, seen: list[tuple[int, int] | None]
) -> None:
    target = Target(scaler, start)
    for (before, decision), counts in zip(run(target, seen), seen, strict=True):
        assert scaler.min_replica_count <= decision.replicas <= scaler.max_replica_count
        if before and decision.replicas == 0:
            assert counts == (0, 0), "only a known absence of tasks leads to 0"
        if counts and sum(counts) and before == 0:
            assert decision.replicas >= 1, "a backlog starts workers at once"
        if counts is None and scaler.min_replica_count <= before <= scaler.max_replica_count:
            assert decision.replicas == before, "what is not known moves nothing"


class TestActivation:
    """A target at 0 waits until there is enough to do."""

    def test_it_stays_at_zero_up_to_the_threshold_and_says_so(self) -> None:
        target = Target(spec(activationThreshold=10))

        decision = target.poll(unlocked=10)

        assert (decision.replicas, decision.reason, decision.act) == (0, Reason.BELOW_ACTIVATION, False)
        assert decision.active
        assert decision.sentence == (
            "Keep 0: 10 tasks (10 waiting, 0 locked), 5 per replica, ask for 2; "
            "it starts at more than 10 tasks (activationThreshold)."
        )

    def test_above_it_starts_with_all_that_is_asked_for(self) -> None:
        assert Target(spec(activationThreshold=10)).poll(unlocked=11).replicas == 3

    def test_once_started_it_works_until_none_is_left(self) -> None:
        target = Target(spec(activationThreshold=10), replicas=1)

        assert target.polls(30, unlocked=1)[-1] == 1
        assert target.polls(30)[-1] == 0

    def test_a_minimum_is_stronger(self) -> None:
        assert Target(spec(activationThreshold=10, minReplicaCount=1)).poll(unlocked=3).replicas == 1

    def test_a_task_that_waits_for_too_long_starts_it(self) -> None:
        scaler = spec(activationThreshold=10, target={"maxTaskAgeSeconds": 60})
        seen = Observation(0, {"t": TopicCount(1, 0)}, oldest_seconds=61)

        assert decide(scaler, seen, History(), START).replicas == 1


class TestNoPodReady:
    def test_no_scale_up_while_none_of_the_pods_becomes_ready(self) -> None:
        seen = Observation(2, {"t": TopicCount(90, 0)}, none_ready=True)

        decision = decide(spec(), seen, History(), START)

        assert (decision.replicas, decision.reason, decision.act) == (2, Reason.NO_POD_READY, False)
        assert "none of the pods becomes ready" in decision.sentence

    def test_the_minimum_and_scale_in_are_not_held_back(self) -> None:
        few = Observation(2, {"t": TopicCount(90, 0)}, none_ready=True)
        many = Observation(9, {"t": TopicCount(5, 0)}, none_ready=True)
        fast = spec(behavior={"scaleDown": {"stabilizationWindowSeconds": 0}})

        assert decide(spec(minReplicaCount=4), few, History(), START).replicas == 4
        assert decide(fast, many, History(), START).replicas == 1


class TestPausedReplicas:
    @pytest.mark.parametrize(("replicas", "kept"), [(3, 7), (3, 0), (3, 3), (3, 40)])
    def test_it_goes_to_the_replicas_and_stays(self, replicas: int, kept: int) -> None:
        scaler = spec().model_copy(update={"paused": True, "paused_replicas": kept})
        target = Target(scaler, replicas=replicas)

        decision = target.poll(unlocked=60)

        assert (decision.replicas, decision.reason) == (kept, Reason.PAUSED)
        assert decision.act is (kept != replicas)
        assert f"paused at {kept} by the annotation. Otherwise: Scale up 3 → 12" in decision.sentence
        assert not target.poll(unlocked=60).act

    def test_it_does_so_while_the_engine_is_down(self) -> None:
        scaler = spec().model_copy(update={"paused": True, "paused_replicas": 5})

        assert Target(scaler, replicas=3).poll(failure=DOWN).replicas == 5


def test_a_maximum_of_zero_keeps_the_target_at_zero() -> None:
    target = Target(spec(maxReplicaCount=0), replicas=3)

    assert target.polls(2, unlocked=50) == [0, 0]
    assert target.poll(unlocked=50).sentence.endswith("maxReplicaCount is 0.")
