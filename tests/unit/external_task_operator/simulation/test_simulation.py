"""The models of the simulator: workers, HPA, KEDA, and what is printed of them."""

import gzip
import json
from pathlib import Path

import pytest
from external_task_operator.__main__ import main
from external_task_operator.simulation import trace
from external_task_operator.simulation.autoscalers import Hpa, Keda, Ours
from external_task_operator.simulation.fleet import FleetSettings
from external_task_operator.simulation.run import NeverDrained, percentile, simulate
from external_task_operator.spec import ScalerSpec
from support.fleets import fleet, started


class TestFleet:
    def test_a_pod_takes_tasks_once_it_has_started(self) -> None:
        some = fleet()
        some.arrive(0)
        some.scale(1, 0, idle_first=False)
        some.advance(0)
        waiting_at_first = len(some.waiting)

        some.advance(some.next_event())

        assert (waiting_at_first, len(some.waiting), some.locked) == (1, 0, 1)
        assert some.waits == [5]

    def test_no_more_tasks_than_slots(self) -> None:
        some = started(2)
        for _ in range(7):
            some.arrive(0)

        some.advance(0)

        assert (some.locked, len(some.waiting)) == (4, 3)

    def test_stages_follow_one_another(self) -> None:
        some = started(1, stages=3)
        some.arrive(0)
        while (now := some.next_event()) < float("inf") or some.waiting:
            some.advance(0 if some.waiting else now)

        assert some.done == 3

    def test_youngest_pods_go_first_unless_busy_ones_are_marked(self) -> None:
        some = started(3)
        some.arrive(0)
        some.advance(0)
        busy = next(pod for pod in some.pods if pod.tasks)

        assert [pod.number for pod in some.victims(3, idle_first=False)] == [3, 2, 1]
        assert some.victims(3, idle_first=True)[-1] is busy

    def test_a_pod_that_has_not_started_goes_first_of_all(self) -> None:
        some = started(2)
        some.scale(3, 0, idle_first=False)

        assert some.victims(1, idle_first=True)[0].number == 3

    def test_a_busy_pod_that_is_taken_may_end_its_tasks_within_its_grace(self) -> None:
        some = started(1, service_seconds=1, grace_seconds=1000)
        some.arrive(0)
        some.advance(0)
        some.scale(0, 0, idle_first=False)
        some.advance(some.next_event())

        assert (some.busy_pods_taken, some.tasks_killed, some.done, some.locked) == (1, 0, 1, 0)

    def test_a_task_that_is_killed_waits_again_when_its_lock_expires(self) -> None:
        some = started(1, service_seconds=1e9, grace_seconds=10, lock_seconds=60)
        some.arrive(0)
        some.advance(0)
        some.scale(0, 0, idle_first=False)
        some.advance(10)
        killed = some.tasks_killed, some.locked, len(some.waiting)
        some.advance(70)

        assert killed == (1, 1, 0)
        assert len(some.waiting) == 1

    def test_replica_seconds_run_from_creation_to_end(self) -> None:
        some = fleet()
        some.scale(2, 0, idle_first=False)
        some.advance(5)
        some.scale(1, 10, idle_first=False)
        some.close(20)

        assert some.pod_seconds == 10 + 20


class TestHpaModel:
    """The worked figures follow from the published algorithm and its defaults."""

    @pytest.mark.parametrize(
        ("value", "current", "desired"),
        [
            (100, 1, 5),  # 20 are asked for; the default allows the larger of +100 % and +4 in 15 s
            (100, 5, 10),
            (100, 10, 20),
            (52, 10, 10),  # 5.2 per replica is within a tenth of 5
            (56, 10, 12),
            (0, 10, 10),  # scale-in waits for five minutes
        ],
    )
    def test_one_pass(self, value: float, current: int, desired: int) -> None:
        assert Hpa(target=5, maximum=20).desired(value, current, 1000.0) == desired

    def test_scale_in_after_five_minutes_of_lower_recommendations(self) -> None:
        hpa, replicas = Hpa(target=5, maximum=20), 10
        hpa.desired(50, replicas, 0.0)

        passes = [hpa.desired(5, replicas, 15.0 * n) for n in range(1, 22)]

        assert passes == [10] * 19 + [1] * 2

    @pytest.mark.parametrize(("current", "desired"), [(30, 20), (0, 1)])
    def test_bounds_at_once(self, current: int, desired: int) -> None:
        assert Hpa(target=5, maximum=20).desired(50, current, 0.0) == desired


class TestKedaModel:
    def test_from_zero_to_one_and_then_as_the_hpa_allows(self) -> None:
        some = fleet()
        for _ in range(200):
            some.arrive(0)
        keda, replicas = Keda(Hpa(target=5, maximum=20, at=5), at=20), []
        while (now := keda.next_look()) <= 65:
            keda.look(some, now)
            replicas.append((now, some.replicas))

        assert replicas == [(5, 0), (20, 5), (35, 10), (50, 20), (65, 20)]

    def test_at_zero_the_hpa_does_nothing(self) -> None:
        some = fleet()
        some.arrive(0)
        keda = Keda(Hpa(target=5, maximum=20, at=0), at=1)

        keda.look(some, 0)

        assert some.replicas == 0

    @pytest.mark.parametrize("pods", [1, 5])
    def test_with_a_minimum_it_never_goes_to_zero(self, pods: int) -> None:
        some = started(pods)
        keda = Keda(Hpa(target=5, maximum=20, minimum=2, at=1), minimum=2)
        while (now := keda.next_look()) <= 900:
            keda.look(some, now)

        assert some.replicas == 2

    def test_to_zero_after_the_cooldown_only(self) -> None:
        some = started(1)
        some.arrive(0)
        keda = Keda(Hpa(target=5, maximum=20, at=1e9), at=0)
        keda.look(some, 0)
        some.advance(0)
        replicas = {}
        while (now := keda.next_look()) <= 330:
            keda.look(some, now)
            replicas[now] = some.replicas

        assert (replicas[300], replicas[330]) == (1, 0)

    def test_without_what_is_locked_it_takes_pods_that_work(self) -> None:
        """Workers that long-poll leave nothing waiting, so that the usual metric shows 0 under load."""
        some = started(1, service_seconds=1e9)
        some.arrive(0)
        some.advance(0)
        keda = Keda(Hpa(target=5, maximum=20, at=1e9), at=0)

        keda.look(some, 0)

        assert (some.replicas, some.busy_pods_taken) == (0, 1)


SPEC = ScalerSpec.model_validate(
    {
        "scaleTargetRef": {"name": "x"},
        "engine": {"url": "http://x"},
        "topics": ["t"],
        "maxReplicaCount": 20,
        "target": {"tasksPerReplica": 8},
    }
)


class TestOurs:
    def test_a_burst_is_met_in_one_step_and_no_busy_pod_is_ever_taken(self) -> None:
        arrivals = [60.0] * 150 + [200.0] * 40

        outcome = simulate("ours", arrivals, Ours(SPEC), FleetSettings(service_seconds=5))

        steps = [sample.replicas for sample in outcome.samples]
        assert max(steps) == 19
        assert steps[steps.index(19) - 1] == 0
        assert (outcome.busy_pods_taken, outcome.tasks_killed, outcome.tasks) == (0, 0, 190)
        assert steps[-1] == 0

    def test_the_same_seed_gives_the_same_figures(self) -> None:
        arrivals = [float(second) for second in range(300)]

        assert simulate("a", arrivals, Ours(SPEC), FleetSettings()) == simulate(
            "a", arrivals, Ours(SPEC), FleetSettings()
        )

    def test_what_can_never_be_done_is_said(self) -> None:
        one = SPEC.model_copy(update={"max_replica_count": 1, "polling_interval": 600})
        arrivals = [0.0] * 40

        with pytest.raises(NeverDrained, match="of 40 tasks"):
            simulate("ours", arrivals, Ours(one), FleetSettings(slots=1, service_seconds=1e6))


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.95, 10), (0.99, 10), (0.1, 1), (0.0, 1)])
def test_percentiles_are_values_that_occurred(share: float, value: int) -> None:
    assert percentile(list(range(10, 0, -1)), share) == value


BOOKINGS = """lead_time,arrival_date_year,arrival_date_month,arrival_date_day_of_month
0,2015,July,3
2,2015,July,3
1,2016,March,1
"""


class TestTrace:
    def read(self, path: Path, text: str, duration: float | None = None) -> list[float]:
        path.write_text(text, encoding="utf-8")
        return trace.read(path, duration=duration, seed=1)

    def test_seconds_and_counts(self, tmp_path: Path) -> None:
        assert self.read(tmp_path / "t.csv", "seconds,count\n5,1\n2,2\n") == [0, 0, 3]

    def test_squeezed_to_a_duration(self, tmp_path: Path) -> None:
        assert self.read(tmp_path / "t.csv", "seconds\n0\n50\n100\n", duration=10) == [0, 5, 10]

    def test_bookings_arrive_on_the_day_on_which_they_were_made(self, tmp_path: Path) -> None:
        path = tmp_path / "bookings.csv.gz"
        path.write_bytes(gzip.compress(BOOKINGS.encode()))

        first, second, third = trace.read(path, duration=None, seed=1)

        assert first == 0
        assert 1 * 86_400 < second < 3 * 86_400  # 1 and 3 July, at some time of the day
        assert 243 * 86_400 < third < 245 * 86_400  # 29 February 2016

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "line 1: a column 'seconds' is needed"),
            ("a,b\n1,2\n", "line 1: a column 'seconds' is needed"),
            ("lead_time,arrival_date_year\n1,2016\n", "line 1: a column 'seconds' is needed"),
            ("seconds\n", "holds no arrivals"),
            ("seconds,count\n1,0\n", "holds no arrivals"),
            ("seconds\n5\nsoon\n", "line 3: .*soon"),
            ("seconds\n5\n-3\n", "line 3: seconds must be 0 or more: -3"),
            ("seconds\nnan\n", "line 2: seconds must be 0 or more: nan"),
            ("seconds\n0\ninf\n", "line 3: seconds must be 0 or more: inf"),
            ("seconds,count\n5,-2\n", "line 2: count must be 0 or more: -2"),
            ("seconds,count\n5,1.5\n", r"line 2: .*1\.5"),
            ("count,seconds\n5\n", "line 2: "),
            (BOOKINGS + "x,2016,March,1\n", "line 5: .*x"),
            (BOOKINGS + "1,2016,Marz,1\n", "line 5: .*Marz"),
            (BOOKINGS + "99999999999,2016,March,1\n", "line 5: "),
        ],
    )
    def test_what_is_no_trace_is_said_with_the_line(self, tmp_path: Path, text: str, said: str) -> None:
        with pytest.raises(trace.TraceError, match=rf"t\.csv.*{said}"):
            self.read(tmp_path / "t.csv", text)

    @pytest.mark.parametrize(
        "content", [b"no gzip", gzip.compress(BOOKINGS.encode(), mtime=0)[:-12], b"\x1f\x8b" + b"x" * 40]
    )
    def test_a_broken_archive_is_said(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "t.csv.gz"
        path.write_bytes(content)

        with pytest.raises(trace.TraceError, match=r"t\.csv\.gz cannot be read"):
            trace.read(path, duration=None, seed=1)

    @pytest.mark.parametrize("content", [b"seconds\n\xff\n", b'seconds\n"' + b"1" * 140_000 + b'"\n'])
    def test_a_file_that_is_no_csv_is_said(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "t.csv"
        path.write_bytes(content)

        with pytest.raises(trace.TraceError, match=r"t\.csv cannot be read"):
            trace.read(path, duration=None, seed=1)


class TestCommand:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "t.csv"
        path.write_text("seconds,count\n0,30\n100,60\n200,5\n", encoding="utf-8")
        return path

    def test_prints_a_line_for_each_policy(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", str(path)])

        lines = capsys.readouterr().out.splitlines()
        assert ended.value.code == 0
        assert [line.split()[0] for line in lines] == ["policy", "ours", "hpa", "keda", "naive", "forecast"]

    def test_prints_json_of_one_policy_and_draws(
        self, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        picture = tmp_path / "p.svg"
        with pytest.raises(SystemExit):
            main(
                [
                    "simulate",
                    str(path),
                    "--policy",
                    "keda",
                    "--json",
                    "--plot",
                    str(picture),
                    "--metric",
                    "all",
                ]
            )

        (outcome,) = json.loads(capsys.readouterr().out)
        assert (outcome["policy"], outcome["tasks"]) == ("keda", 95)
        assert "wait p95" in picture.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        "option",
        [
            ["--duration", "0"],
            ["--duration", "-5"],
            ["--duration", "inf"],
            ["--slots", "0"],
            ["--tasks-per-replica", "0"],
            ["--max-replicas", "0"],
            ["--min-replicas", "-1"],
            ["--service-seconds", "0"],
            ["--startup-seconds", "nan"],
            ["--tasks-per-arrival", "0"],
            ["--polling-interval", "x"],
            ["--drain-seconds", "-1"],
        ],
    )
    def test_an_option_that_makes_no_sense_is_named(
        self, path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", str(path), *option])

        assert ended.value.code == 2
        assert f"argument {option[0]}: {option[1]} is" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--min-replicas", "5", "--max-replicas", "4"], "--min-replicas must not be above"),
            (["--plot", "no/such/folder/p.svg"], "p.svg cannot be written"),
            (["--plot", "p.xyz"], "p.xyz cannot be written"),
        ],
    )
    def test_what_cannot_be_done_is_said(
        self, path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", str(path), *options])

        assert ended.value.code == 1
        assert said in capsys.readouterr().err

    def test_says_what_is_wrong(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", str(tmp_path / "none.csv")])

        assert ended.value.code == 1
        assert "none.csv cannot be read" in capsys.readouterr().err
