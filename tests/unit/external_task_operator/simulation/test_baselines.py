"""The autoscalers that people write for themselves."""

from external_task_operator.simulation.baselines import Forecast, Naive
from external_task_operator.simulation.fleet import Fleet
from support.fleets import fleet, started


class TestNaive:
    def test_it_sets_what_the_tasks_ask_for_within_its_bounds(self) -> None:
        some = fleet()
        for _ in range(7):
            some.arrive(0)

        Naive(target=2, maximum=3).look(some, 0)
        bounded = some.replicas
        Naive(target=2, maximum=20).look(some, 5)

        assert (bounded, some.replicas) == (3, 4)

    def test_it_takes_pods_at_work(self) -> None:
        some = started(2, tasks=2, service_seconds=1e9)
        naive = Naive(target=2, maximum=20)

        while some.busy_pods_taken == 0 and naive.next_look() < 100:
            now = naive.next_look()
            naive.look(some, now)
            some.advance(now)

        assert some.replicas == 1


class TestForecast:
    def rising(self, forecast: Forecast, looks: int) -> Fleet:
        """Let ten tasks more come, and be done at once, in each interval than in the one before."""
        some = fleet()
        for look in range(looks):
            some.done += 10 * look
            forecast.look(some, forecast.interval * look)
        return some

    def test_what_rises_is_met_before_it_is_there(self) -> None:
        late, early = (
            self.rising(Forecast(target=2, maximum=99, service_seconds=1, startup_seconds=ahead), 20)
            for ahead in (0, 60)
        )

        assert early.replicas > late.replicas

    def test_it_goes_to_zero_when_nothing_comes(self) -> None:
        forecast = Forecast(target=2, maximum=20, service_seconds=1, startup_seconds=5)
        some = self.rising(forecast, 5)
        now = forecast.next_look()
        while now < 300:
            some.advance(now)
            forecast.look(some, now)
            now = forecast.next_look()

        assert some.replicas == 0

    def test_what_is_in_work_keeps_its_pods(self) -> None:
        some = started(2, tasks=4, service_seconds=1e9)
        forecast = Forecast(target=2, maximum=20, service_seconds=1, startup_seconds=5)

        while (now := forecast.next_look()) < 300:
            forecast.look(some, now)

        assert (some.replicas, some.busy_pods_taken) == (2, 0)
