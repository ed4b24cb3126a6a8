"""The operator as a whole, but kopf, against a stub engine and a stub API server over HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from support.operator_world.engine import StubEngine
from support.operator_world.world import NAMESPACE, Operator, World


class TestScaling:
    def test_from_zero_to_what_is_needed_and_back_when_all_is_done(self, world: World) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        world.engine.add("validate", 34)

        operator.poll()
        up = world.replicas()
        world.engine.complete()
        operator.poll(13)

        assert (up, world.replicas()) == (7, 0)
        assert world.events() == [("Normal", "ScaledUp"), ("Normal", "ScaledDown")]

    def test_a_stateful_set_is_scaled_too(self, world: World) -> None:
        world.target(0, kind="statefulsets")
        world.scaler(scaleTargetRef={"kind": "StatefulSet", "name": "worker"})
        world.engine.add("validate", 6)

        world.operator().poll()

        assert world.replicas(kind="statefulsets") == 2

    def test_incidents_and_suspended_tasks_ask_for_nothing(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 50, retries=0)
        world.engine.add("validate", 50, suspended=True)

        world.operator().poll()

        assert world.replicas() == 0
        assert world.status()["unlocked"] == 0

    def test_all_topics_count_and_only_those(self, world: World) -> None:
        world.target(0)
        world.scaler(topics=["validate", "block-room", "release"])
        world.engine.add("validate", 4)
        world.engine.add("block-room", 7)
        world.engine.add("other", 70)
        world.engine.lock("pod-1:abcd", 2, topic="validate")

        world.operator().poll()

        assert world.replicas() == 3
        assert world.status()["topics"] == [
            {"name": "block-room", "unlocked": 7, "locked": 0},
            {"name": "release", "unlocked": 0, "locked": 0},
            {"name": "validate", "unlocked": 2, "locked": 2},
        ]

    def test_an_engine_without_topic_names_is_counted_topic_by_topic(self, world: World) -> None:
        world.engine.knows_topic_names = False
        world.target(0)
        world.scaler(topics=["validate", "block-room"])
        world.engine.add("block-room", 7)

        world.operator().poll()

        assert world.replicas() == 2

    def test_the_oldest_task_is_asked_for_only_where_its_age_matters(self, world: World) -> None:
        world.target(1)
        world.scaler(target={"tasksPerReplica": 100, "maxTaskAgeSeconds": 60})
        world.engine.add("validate", 30, created="2027-01-15T07:59:00.000+0000")
        world.now = 1_800_000_000.0  # 2027-01-15T08:00:00Z

        world.operator().poll()

        assert world.replicas() == 2
        assert world.status()["oldestTaskSeconds"] in {65, 66}

    @pytest.mark.parametrize("ahead", [-600, 0, 600])
    def test_ages_are_by_the_engines_clock(self, world: World, ahead: float) -> None:
        world.target(1)
        world.scaler(target={"tasksPerReplica": 100, "maxTaskAgeSeconds": 60})
        created = datetime.fromtimestamp(world.now + ahead - 30, UTC)
        world.engine.add("validate", 30, created=created.strftime("%Y-%m-%dT%H:%M:%S.000+0000"))
        world.engine.clock = lambda: world.now + ahead
        operator = world.operator()

        operator.poll()
        young = world.replicas(), world.status()["oldestTaskSeconds"]
        operator.poll(6)

        assert young[0] == 1
        assert 34 <= young[1] <= 36
        assert world.replicas() == 2
        assert len([r for r in world.engine.requests if r.startswith("HEAD")]) == 1

    def test_tasks_that_have_failed_before_are_not_old(self, world: World) -> None:
        world.target(1)
        world.scaler(target={"tasksPerReplica": 100, "maxTaskAgeSeconds": 60})
        world.engine.add("validate", 3, created="2027-01-15T06:00:00.000+0000", error="the room is locked")
        world.engine.add("validate", 3, created="2027-01-15T07:59:50.000+0000")

        world.operator().poll()

        assert world.replicas() == 1
        assert world.status()["oldestTaskSeconds"] in {15, 16}

    def test_a_change_of_the_spec_counts_at_once(self, world: World) -> None:
        world.target(3)
        world.scaler()
        operator = world.operator()
        operator.poll()

        world.scaler(minReplicaCount=5)
        operator.poll(seconds=0.1)

        assert world.replicas() == 5
        assert world.status()["observedGeneration"] == 2

    def test_a_generation_that_says_the_same_is_observed_too(self, world: World) -> None:
        world.target(3)
        world.scaler(paused=True)
        operator = world.operator()
        operator.poll()

        world.annotate(**{"hotel.example.com/paused": "true"})
        world.scaler()
        operator.poll()

        assert world.status()["observedGeneration"] == 2

    def test_a_pause_that_comes_during_a_poll_counts(self, world: World) -> None:
        world.target(1)
        world.scaler()
        world.engine.add("validate", 40)
        operator = world.operator()

        original = operator.cluster.get

        def pause_before_scaling(path: str, params: Any = None) -> Any:
            if path == paths.autoscalers(NAMESPACE):
                world.scaler(paused=True)
                operator.watch()
            return original(path, params)

        operator.cluster.get = pause_before_scaling  # type: ignore[method-assign]
        operator.poll()
        operator.poll(seconds=0.1)

        assert world.replicas() == 1
        assert world.condition("Paused") == ("True", "Paused")

    def test_replicas_set_by_hand_are_brought_back_to_what_the_tasks_ask_for(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 10)
        operator = world.operator()
        operator.poll()
        world.target(9)

        operator.poll()

        assert world.replicas() == 2

    def test_a_deleted_scaler_leaves_the_replicas(self, world: World) -> None:
        world.target(4)
        world.scaler(minReplicaCount=4)
        operator = world.operator()
        operator.poll()
        world.api.delete(paths.scaler(NAMESPACE, "worker"))
        world.engine.add("validate", 100)

        operator.poll()

        assert world.replicas() == 4

    def test_a_deletion_that_the_watch_missed_shows_when_the_status_is_written(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        world.api.delete(paths.scaler(NAMESPACE, "worker"))
        monkeypatch.setattr(operator, "watch", lambda: None)
        world.engine.add("validate")

        operator.poll()

        assert operator.registry.all() == []

    @pytest.mark.parametrize("how", ["field", "annotation", "dryRun"])
    def test_paused_and_dry_run_decide_without_acting(self, world: World, how: str) -> None:
        world.target(1)
        spec: dict[str, Any] = {"field": {"paused": True}, "dryRun": {"dryRun": True}}.get(how, {})
        world.scaler(**spec)
        if how == "annotation":
            world.annotate(**{"hotel.example.com/paused": "true"})
        world.engine.add("validate", 40)

        world.operator().poll()

        assert world.replicas() == 1
        assert world.status()["desiredReplicas"] == 8
        assert world.condition("Paused")[0] == ("False" if how == "dryRun" else "True")

    def test_a_pause_that_is_not_understood_pauses_and_says_so(self, world: World) -> None:
        world.target(1)
        world.scaler()
        world.annotate(**{"hotel.example.com/paused": "1"})
        world.engine.add("validate", 40)

        world.operator().poll(2)

        assert world.replicas() == 1
        assert world.condition("Paused") == ("True", "PauseNotUnderstood")
        assert ("Warning", "PauseNotUnderstood") in world.events()
        assert 'write "true" or "false"' in world.status()["decision"]

    def test_taking_the_pause_annotation_away_resumes(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.annotate(**{"hotel.example.com/paused": "true"})
        world.engine.add("validate", 40)
        operator = world.operator()
        operator.poll()

        world.annotate()
        operator.poll()

        assert world.replicas() == 8
        assert ("Normal", "NotPaused") in world.events()


class TestQueries:
    def test_scalers_of_one_engine_share_the_queries_of_a_topic(self, world: World) -> None:
        for number in range(20):
            world.target(0, f"worker-{number}")
            world.scaler(f"scaler-{number}", scaleTargetRef={"name": f"worker-{number}"})
        world.engine.add("validate", 6)
        operator = world.operator()

        operator.poll()

        assert (
            world.engine.requests.count("GET /engine-rest/external-task/count?topicName=validate&locked=true")
            == 1
        )
        assert {world.replicas(f"worker-{number}") for number in range(20)} == {2}

    def test_idle_topics_cost_two_queries_in_all(self, world: World) -> None:
        world.target(0)
        world.scaler(topics=[f"topic-{n}" for n in range(40)])

        world.operator().poll()

        assert len(world.engine.requests) == 2

    def test_overlapping_topics_are_polled_at_the_same_moment(self, world: World) -> None:
        for name, topics in {"a": ["t1", "t2"], "b": ["t2", "t3"], "c": ["t3"], "d": ["t9"]}.items():
            world.target(0, name)
            world.scaler(name, topics=topics, scaleTargetRef={"name": name})
        operator = world.operator()

        operator.poll()

        due = {scaler.name: scaler.due for scaler in operator.registry.all()}
        assert due["a"] == due["b"] == due["c"] != due["d"]


class TestEngineFailure:
    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (500, "EngineAnswerUnusable"),
            (503, "EngineOverloaded"),
            (401, "EngineUnauthorized"),
            (403, "EngineForbidden"),
            (404, "EngineAnswerUnusable"),
        ],
    )
    def test_replicas_stay_and_the_condition_says_why(self, world: World, status: int, reason: str) -> None:
        world.target(4)
        world.scaler(cooldownPeriod=0)
        operator = world.operator()
        operator.poll()
        world.engine.status = status

        operator.poll(50)

        assert world.replicas() == 4
        assert world.condition("Ready") == ("False", reason)
        assert world.condition("Active") == ("Unknown", "TasksUnknown")
        assert world.events() == [("Warning", reason)]
        assert world.status()["reason"] == "MetricsUnavailable"

    @pytest.mark.parametrize(
        "body",
        [
            "<html>login</html>",
            "{}",
            '{"count": "many"}',
            '{"count": "0"}',
            '{"count": 0.5}',
            '{"count": false}',
            '{"count": -1}',
            # More than the status could hold, so that the API server would refuse it.
            '{"count": 99999999999999999999}',
            "[]",
            "",
        ],
    )
    def test_an_answer_that_makes_no_sense_is_not_zero(self, world: World, body: str) -> None:
        world.target(4)
        world.scaler(cooldownPeriod=0)
        world.engine.body = body

        world.operator().poll(30)

        assert world.replicas() == 4
        assert world.condition("Ready") == ("False", "EngineAnswerUnusable")

    @pytest.mark.parametrize("names", ["{}", '{"status": "ok"}', '"validate"', "null", "[1]", "[null]", "3"])
    def test_names_of_topics_that_make_no_sense_are_not_zero(self, world: World, names: str) -> None:
        """Whatever answers any question with some JSON would else pass for an engine without tasks."""
        world.target(4)
        world.scaler(topics=["validate", "block-room"], cooldownPeriod=0)
        world.engine.topic_names = names

        world.operator().poll(30)

        assert world.replicas() == 4
        assert world.condition("Ready") == ("False", "EngineAnswerUnusable")

    @pytest.mark.parametrize("url", ["http://", "http://[::1", "http://engine:99999/", "http://my engine/"])
    def test_a_url_that_cannot_be_used_is_said(self, world: World, url: str) -> None:
        world.target(4)
        world.scaler(engine={"url": url})

        world.operator().poll()

        assert (world.replicas(), world.condition("Ready")) == (4, ("False", "InvalidSpec"))
        assert "spec.engine.url" in world.status()["decision"]

    def test_a_task_that_is_taken_between_two_queries_is_not_overlooked(self, world: World) -> None:
        world.target(1)
        world.scaler(topics=["validate", "block-room"], cooldownPeriod=0)
        world.engine.add("validate")
        world.engine.meanwhile = lambda: world.engine.lock("worker-1:abcd")

        world.operator().poll()

        assert (world.status()["unlocked"], world.status()["locked"]) == (0, 1)

    def test_an_engine_that_does_not_answer_is_said_and_comes_back(self, world: World) -> None:
        world.target(4)
        world.scaler(engine={"url": world.engine_url, "timeoutSeconds": 1})
        world.engine.add("validate", 1)
        world.engine.delay = 2
        operator = world.operator()

        operator.poll()
        unreachable = world.condition("Ready")
        world.engine.delay = 0
        operator.poll()

        assert unreachable == ("False", "EngineUnreachable")
        assert world.condition("Ready") == ("True", "Ready")
        assert world.events() == [("Warning", "EngineUnreachable"), ("Normal", "Ready")]

    def test_fallback_is_announced_and_ends(self, world: World) -> None:
        world.target(0)
        world.scaler(fallback={"replicas": 3, "failureThreshold": 2})
        world.engine.status = 503
        operator = world.operator()

        operator.poll(2)
        fallen = world.replicas(), world.condition("Fallback")
        world.engine.status = None
        operator.poll()

        assert fallen == (3, ("True", "FallbackInForce"))
        assert world.condition("Fallback") == ("False", "NotNeeded")
        assert world.events() == [
            ("Warning", "EngineOverloaded"),
            ("Normal", "ScaledUp"),
            ("Warning", "FallbackInForce"),
            ("Normal", "Ready"),
            ("Normal", "NotNeeded"),
        ]

    def test_engines_that_are_away_hold_up_their_own_scalers_only(self, world: World) -> None:
        """Dead engines that take every thread until their timeout would stop all scaling."""
        slow = StubEngine(delay=0.3)
        operator = world.operator()
        operator.poller._judge = lambda *_: None  # type: ignore[method-assign]
        with slow.server() as server:
            for number in range(40):
                target = {"name": f"target-{number}"}
                world.scaler(
                    f"slow-{number}", engine={"url": f"{server.url}/{number}"}, scaleTargetRef=target
                )
            operator.watch()
            operator.poller._slow = {scaler.engine_key for scaler in operator.registry.all()}
            world.now += 1
            world.target(0)
            world.scaler()
            world.engine.add("validate", 5)

            operator.poll()

        assert world.replicas() == 1
        assert len(slow.requests) < 40


class TestAuthorization:
    def prepare(self, world: World, **spec: Any) -> Operator:
        world.engine.user = ("scaler", "secret")
        world.secret("engine", username="scaler", password="secret")
        world.target(3)
        engine = {"url": world.engine_url, "credentialsSecret": {"name": "engine"}, **spec}
        world.scaler(engine=engine, cooldownPeriod=0)
        return world.operator()

    def test_with_credentials_and_rights_it_scales_to_zero(self, world: World) -> None:
        operator = self.prepare(world)

        operator.poll(20)

        assert world.replicas() == 0

    def test_a_count_of_zero_without_the_right_to_see_is_not_believed(self, world: World) -> None:
        operator = self.prepare(world, processDefinitionKeys=["Hotel"])
        world.engine.visible = set()

        operator.poll(30)

        assert world.replicas() == 3
        assert world.condition("Ready") == ("False", "AuthorizationMissing")
        assert "Hotel" in world.status()["decision"]

    def test_without_named_definitions_the_doubt_is_said(self, world: World) -> None:
        operator = self.prepare(world)
        world.engine.visible = {"Hotel"}

        operator.poll(30)

        assert world.replicas() == 3
        assert world.condition("Ready") == ("False", "AuthorizationUnverified")

    def test_rights_that_cannot_be_asked_for_are_not_taken_for_granted(self, world: World) -> None:
        """A proxy that lets only /external-task through hides whether a user without rights is counting."""
        operator = self.prepare(world, processDefinitionKeys=["Hotel"])
        world.engine.checks_rights = False
        world.engine.visible = set()

        operator.poll(30)

        assert world.replicas() == 3
        assert world.condition("Ready") == ("False", "AuthorizationUnverified")
        checks = [request for request in world.engine.requests if "/authorization/check" in request]
        assert len(checks) <= 6, "asked again every half minute, not at every poll"

    @pytest.mark.parametrize("tasks", [0, 3])
    def test_a_right_that_is_granted_counts_within_half_a_minute(self, world: World, tasks: int) -> None:
        operator = self.prepare(world)
        world.engine.visible = {"Hotel"}
        operator.poll(3)
        refused = world.condition("Ready")

        world.engine.visible = {"*"}
        world.engine.add("validate", tasks)
        operator.poll(7)

        assert refused == ("False", "AuthorizationUnverified")
        assert world.condition("Ready") == ("True", "Ready")

    def test_named_definitions_settle_it(self, world: World) -> None:
        operator = self.prepare(world, processDefinitionKeys=["Hotel"])
        world.engine.visible = {"Hotel"}

        operator.poll(30)

        assert world.replicas() == 0

    def test_what_is_seen_counts_without_any_proof(self, world: World) -> None:
        operator = self.prepare(world)
        world.engine.visible = {"Hotel"}
        world.engine.add("validate", 40)

        operator.poll()

        assert world.replicas() == 8

    def test_a_grant_that_is_revoked_under_load_scales_nothing_to_zero(self, world: World) -> None:
        operator = self.prepare(world, processDefinitionKeys=["Hotel"])
        world.engine.visible = {"Hotel"}
        world.engine.add("validate", 40)
        operator.poll()

        world.engine.visible = set()
        operator.poll(40)

        assert world.replicas() == 8
        assert world.condition("Ready") == ("False", "AuthorizationMissing")

    def test_a_password_that_was_changed_is_read_anew(self, world: World) -> None:
        operator = self.prepare(world)
        operator.poll()
        world.engine.user = ("scaler", "new")

        operator.poll()
        refused = world.condition("Ready")
        world.secret("engine", username="scaler", password="new")
        operator.poll()

        assert refused == ("False", "EngineUnauthorized")
        assert world.condition("Ready") == ("True", "Ready")

    @pytest.mark.parametrize("entries", [None, {"username": "scaler"}, {"token": "x"}])
    def test_missing_credentials_are_said(self, world: World, entries: dict[str, str] | None) -> None:
        operator = self.prepare(world)
        world.api.delete(paths.secret(NAMESPACE, "engine"))
        if entries:
            world.secret("engine", **entries)

        operator.poll(3)

        assert world.replicas() == 3
        assert world.condition("Ready") == ("False", "CredentialsMissing")

    def test_credentials_that_are_no_text_are_said(self, world: World) -> None:
        operator = self.prepare(world)
        world.api.put(paths.secret(NAMESPACE, "engine"), {"data": {"username": "/w==", "password": "/w=="}})

        operator.poll()

        assert world.condition("Ready") == ("False", "CredentialsUnusable")

    def test_the_password_is_nowhere_in_status_or_events(self, world: World) -> None:
        operator = self.prepare(world)
        world.engine.user = ("scaler", "other")

        operator.poll(2)

        assert "secret" not in str(world.status())
        assert all("secret" not in event["message"] for event in world.api.below(paths.events(NAMESPACE)))


class TestTarget:
    def test_a_missing_target_is_said(self, world: World) -> None:
        world.scaler()
        world.engine.add("validate", 3)

        world.operator().poll(3)

        assert world.condition("AbleToScale") == ("False", "TargetMissing")
        assert world.condition("Ready") == ("False", "TargetMissing")
        assert world.condition("Active") == ("True", "TasksExist")
        assert world.status()["unlocked"] == 3
        assert world.events() == [("Warning", "TargetMissing")] * 2

    def test_a_target_that_comes_later_is_scaled(self, world: World) -> None:
        world.scaler()
        world.engine.add("validate", 3)
        operator = world.operator()
        operator.poll()

        world.target(0)
        operator.poll()

        assert world.replicas() == 1
        assert world.condition("AbleToScale") == ("True", "SucceededRescale")

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            (paths.autoscalers(NAMESPACE), "HorizontalPodAutoscaler"),
            (paths.scaled_objects(NAMESPACE), "ScaledObject"),
        ],
    )
    def test_a_target_of_another_autoscaler_is_left_alone(self, world: World, path: str, kind: str) -> None:
        world.target(2)
        world.scaler()
        ref = {"name": "worker"} if kind == "ScaledObject" else {"kind": "Deployment", "name": "worker"}
        world.api.put(f"{path}/other", {"spec": {"scaleTargetRef": ref}})
        world.engine.add("validate", 50)
        operator = world.operator()

        operator.poll(2)
        owned = world.replicas(), world.condition("AbleToScale")
        world.api.delete(f"{path}/other")
        operator.poll(seconds=31)

        assert owned == (2, ("False", "TargetOwnedByOther"))
        assert kind in str(world.api.below(paths.events(NAMESPACE)))
        assert world.replicas() == 10

    def test_another_autoscaler_is_not_forgotten_because_it_cannot_be_listed(self, world: World) -> None:
        world.target(2)
        world.scaler()
        path = paths.autoscalers(NAMESPACE)
        ref = {"kind": "Deployment", "name": "worker"}
        world.api.put(f"{path}/other", {"spec": {"scaleTargetRef": ref}})
        world.engine.add("validate", 50)
        operator = world.operator()
        operator.poll()
        world.api.refused[f"GET {path}"] = 503

        operator.poll(3, seconds=31)

        assert (world.replicas(), world.condition("AbleToScale")) == (2, ("False", "TargetOwnedByOther"))

    def test_of_two_scalers_on_one_target_the_older_acts(self, world: World) -> None:
        world.target(1)
        world.scaler("b-older", maxReplicaCount=3)
        world.scaler("a-younger", maxReplicaCount=9)
        younger = world.api.get(paths.scaler(NAMESPACE, "a-younger"))
        assert younger is not None
        younger["metadata"]["creationTimestamp"] = "2026-11-23T13:00:00Z"
        world.engine.add("validate", 100)

        world.operator().poll(3)

        assert world.replicas() == 3
        assert world.condition("AbleToScale", "a-younger") == ("False", "TargetOwnedByOther")
        assert world.condition("AbleToScale", "b-older")[0] == "True"

    def test_a_right_that_is_missing_is_said(self, world: World) -> None:
        world.target(1)
        world.scaler()
        world.engine.add("validate", 100)
        world.api.refused["PUT /apis/apps"] = 403

        world.operator().poll()

        assert world.condition("AbleToScale") == ("False", "TargetForbidden")

    def test_a_version_that_moved_on_without_the_replicas_is_no_obstacle(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.target(1)
        world.scaler()
        world.engine.add("validate", 100)
        operator = world.operator()
        original = operator.cluster.replace

        def replace(path: str, body: Mapping[str, Any]) -> Any:
            # The Deployment's controller writes its status between our look and our change.
            world.target(1)
            return original(path, body)

        monkeypatch.setattr(operator.cluster, "replace", replace)

        operator.poll()

        assert world.condition("AbleToScale") == ("False", "TargetConflict")
        monkeypatch.setattr(operator.cluster, "replace", original)
        operator.poll()
        assert world.replicas() == 20


class TestApiServer:
    def test_away_for_a_while_nothing_is_lost(self, world: World) -> None:
        world.target(2)
        world.scaler()
        world.engine.add("validate", 40)
        operator = world.operator()
        operator.poll(0)
        operator.watch()
        operator.leases.acquire_or_renew({NAMESPACE})
        world.api.refused["GET /apis/apps"] = 503

        operator.poll(5)
        away = world.replicas()
        world.api.refused.clear()
        operator.poll()

        assert (away, world.replicas()) == (2, 8)
        assert operator.metric('external_task_scaler_polls_total{outcome="cluster_failed"}')

    def test_a_status_that_cannot_be_written_is_written_later(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.api.refused["PATCH /apis/hotel.example.com"] = 500
        operator = world.operator()
        operator.poll(2)

        world.api.refused.clear()
        operator.poll()

        assert world.condition("Ready") == ("True", "Ready")

    @pytest.mark.parametrize("status", [403, 500])
    def test_a_status_that_cannot_be_written_makes_no_flood_of_events(
        self, world: World, status: int
    ) -> None:
        world.scaler()
        world.api.refused["PATCH /apis/hotel.example.com"] = status

        world.operator().poll(20)

        assert world.events() == [("Warning", "TargetMissing")] * 2

    def test_events_that_are_refused_stop_nothing(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 5)
        world.api.refused["POST /api/v1"] = 403

        world.operator().poll()

        assert world.replicas() == 1


class TestStatus:
    def test_shows_what_there_is_and_why(self, world: World) -> None:
        world.target(0)
        world.scaler(topics=["validate", "block-room"])
        world.engine.add("validate", 12)
        world.engine.lock("pod:1", 2)

        world.operator().poll()

        status = world.status()
        assert (status["unlocked"], status["locked"], status["replicas"], status["desiredReplicas"]) == (
            10,
            2,
            3,
            3,
        )
        assert status["decision"] == (
            "Scale up 0 → 3: 12 tasks (10 waiting, 2 locked), 5 per replica, ask for 3."
        )
        assert (status["reason"], status["topicSummary"]) == ("ScaleUp", "validate,block-room")
        assert {c["type"] for c in status["conditions"]} == {
            "Ready",
            "AbleToScale",
            "Active",
            "Fallback",
            "Paused",
            "ScalingLimited",
            "PodsReady",
            "WorkersKnown",
            "CleanedUp",
        }

    def test_is_not_written_while_nothing_changes(self, world: World) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        world.api.requests.clear()

        operator.poll(11)

        assert [r for r in world.api.requests if r.startswith("PATCH")] == []

    def test_is_written_once_a_minute_all_the_same(self, world: World) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        before = world.status()["lastPollTime"]

        operator.poll(12)

        assert world.status()["lastPollTime"] > before

    def test_counts_alone_are_written_at_most_every_ten_seconds(self, world: World) -> None:
        world.target(20)
        world.scaler(minReplicaCount=20)
        operator = world.operator()
        operator.poll(3)
        world.api.requests.clear()

        for _ in range(12):
            world.engine.add("validate", 1)
            operator.poll(seconds=1)

        assert 1 <= len([r for r in world.api.requests if r.startswith("PATCH")]) <= 3

    def test_an_invalid_spec_that_slipped_through_is_said(self, world: World) -> None:
        world.target(2)
        world.scaler(minReplicaCount=5, maxReplicaCount=1)

        world.operator().poll()

        assert world.condition("Ready") == ("False", "InvalidSpec")
        assert "minReplicaCount must not be above" in world.status()["decision"]
        assert world.replicas() == 2

    def test_metrics_show_what_the_status_shows(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 12)
        operator = world.operator()

        operator.poll()

        labels = 'namespace="hotel",scaler="worker"'
        tasks = operator.metric("external_task_scaler_tasks{")
        assert tasks[f'external_task_scaler_tasks{{{labels},state="unlocked",topic="validate"}}'] == 12
        replicas = operator.metric("external_task_scaler_replicas{")
        assert sorted(replicas.values()) == [0, 3, 3, 20]
        conditions = operator.metric("external_task_scaler_condition{")
        assert conditions[f'external_task_scaler_condition{{{labels},type="Ready"}}'] == 1
        assert operator.metric("external_task_scaler_operator_acts") == {
            'external_task_scaler_operator_acts{namespace="hotel"}': 1
        }
        assert operator.metric('external_task_scaler_scalings_total{direction="up"}')
        assert operator.metric("external_task_scaler_decision{") == {
            f"external_task_scaler_decision{{{labels_of_reason('ScaleUp')}}}": 1
        }
        for moment in ("last_poll", "last_active", "last_scale"):
            name = f"external_task_scaler_{moment}_timestamp_seconds{{{labels}}}"
            assert operator.metric(name) == {name: world.now}

    def test_metrics_of_a_scaler_that_is_deleted_disappear(self, world: World) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        world.api.delete(paths.scaler(NAMESPACE, "worker"))

        operator.watch()

        assert [s for s in operator.metric("external_task_scaler") if 'scaler="worker"' in s] == []

    def test_an_operator_that_stands_by_shows_no_scaler(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 12)
        first, second = world.operator("operator-1"), world.operator("operator-2")
        first.poll()
        second.poll()
        world.now += 11

        gone = [s for s in first.metric("external_task_scaler") if 'scaler="worker"' in s]
        never = [s for s in second.metric("external_task_scaler") if 'scaler="worker"' in s]

        assert (gone, never) == ([], [])


def labels_of_reason(reason: str) -> str:
    return f'namespace="{NAMESPACE}",reason="{reason}",scaler="worker"'


class TestRestart:
    def test_scale_in_goes_on_where_it_was(self, world: World) -> None:
        """A new operator neither starts the window again nor forgets it."""
        world.target(0)
        world.scaler()
        first = world.operator()
        world.engine.add("validate", 40)
        first.poll()
        world.engine.complete()
        first.poll(8)
        first.leases.release()

        second = world.operator("operator-2")
        second.poll(3)
        before = world.replicas()
        second.poll(2)

        assert (before, world.replicas()) == (8, 0)

    def test_the_cooldown_is_not_over_because_nobody_looked(self, world: World) -> None:
        at_once = {"scaleDown": {"stabilizationWindowSeconds": 0}}
        world.target(0)
        world.scaler(cooldownPeriod=60, behavior=at_once)
        world.engine.add("validate", 3)
        first = world.operator()
        first.poll(4)
        first.leases.release()
        world.now += 600
        world.engine.complete()

        second = world.operator("operator-2")
        second.poll(8)
        before = world.replicas()
        second.poll(5)

        assert (before, world.replicas()) == (1, 0)

    def test_an_api_server_that_was_away_brings_nothing_to_zero(self, world: World) -> None:
        world.target(0)
        world.scaler(cooldownPeriod=60)
        world.engine.add("validate", 3)
        operator = world.operator()
        operator.poll(4)
        world.api.refused["GET /apis/apps"] = 503
        operator.poll(60)
        world.api.refused.clear()
        world.engine.complete()

        operator.poll(8)

        assert world.replicas() == 1

    def test_rate_limits_remember_what_was_done(self, world: World) -> None:
        rules = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}
        world.target(0)
        world.scaler(behavior=rules)
        world.engine.add("validate", 100)
        first = world.operator()
        first.poll()
        first.leases.release()

        second = world.operator("operator-2")
        second.poll(11)
        before = world.replicas()
        second.poll(2)

        assert (before, world.replicas()) == (2, 4)

    def test_a_status_that_cannot_be_read_makes_it_careful_not_broken(self, world: World) -> None:
        world.target(3)
        world.scaler()
        scaler = world.api.get(paths.scaler(NAMESPACE, "worker"))
        assert scaler is not None
        scaler["status"] = {"history": {"recommendations": [{"replicas": "x"}]}, "lastActiveTime": "soon"}

        world.operator().poll(5)

        # What it cannot read it replaces, and it does not scale in before it has a history of its own.
        status = world.status()
        assert (world.replicas(), status["replicas"], "soon" in str(status)) == (3, 3, False)


class TestTwoOperators:
    def test_one_acts_and_the_other_says_so(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 40)
        first, second = world.operator("operator-1"), world.operator("operator-2")
        first.poll()
        world.target(1)

        second.poll(2)
        stood_by = world.replicas()
        first.poll()

        assert (stood_by, world.replicas()) == (1, 8)
        assert second.leases.standbys() == {NAMESPACE: "operator-1"}
        assert ("Warning", "OperatorStandsBy") in world.events()

    def test_the_other_takes_over_when_the_first_is_gone(self, world: World) -> None:
        world.target(0)
        world.scaler()
        world.engine.add("validate", 40)
        first, second = world.operator("operator-1"), world.operator("operator-2")
        first.poll()
        world.target(0)

        second.poll(3)
        too_soon = world.replicas()
        second.poll(2)

        assert (too_soon, world.replicas()) == (0, 8)

    def test_a_lease_that_is_given_back_is_taken_at_once(self, world: World) -> None:
        world.target(0)
        world.scaler()
        first, second = world.operator("operator-1"), world.operator("operator-2")
        first.poll()
        second.poll()
        first.leases.release()

        second.poll(seconds=1)

        assert second.leases.held() == [NAMESPACE]
        assert world.status()["operator"] == "operator-2"

    def test_who_cannot_renew_stops_before_another_may_take_over(self, world: World) -> None:
        world.target(0)
        world.scaler()
        first = world.operator("operator-1")
        first.poll()
        world.api.refused["PUT /apis/coordination"] = 503
        world.api.refused["GET /apis/coordination"] = 503
        world.engine.add("validate", 40)

        first.poll(seconds=11)

        assert first.leases.held() == []
        assert world.replicas() == 0

    def test_a_lease_that_was_deleted_is_made_anew(self, world: World) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        world.api.delete(paths.lease(NAMESPACE))
        world.engine.add("validate", 40)

        operator.poll(2)

        assert operator.leases.held() == [NAMESPACE]
        assert world.replicas() == 8

    def test_a_lease_that_another_took_by_force_is_given_up_at_once(self, world: World) -> None:
        world.target(0)
        world.scaler()
        operator = world.operator()
        operator.poll()
        lease = world.api.get(paths.lease(NAMESPACE))
        assert lease is not None
        world.api.put(
            paths.lease(NAMESPACE), {**lease, "spec": {**lease["spec"], "holderIdentity": "operator-9"}}
        )
        world.engine.add("validate", 40)

        operator.poll(seconds=1)

        assert operator.leases.held() == []
        assert world.replicas() == 0
