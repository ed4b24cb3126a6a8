"""That standing still shows."""

import threading
from collections.abc import Sequence

import pytest
from external_task_operator.control.poller import Readings
from external_task_operator.control.scaler import Scaler
from support.operator_world.world import NAMESPACE, World, wait_for


def test_a_loop_that_ticks_is_alive(world: World) -> None:
    operator = world.operator()
    operator.poll(100, seconds=10)

    assert operator.poller.stuck() is None


def test_a_loop_that_no_longer_ticks_is_stuck(world: World) -> None:
    operator = world.operator()
    operator.poll()

    world.now += 121

    assert "not run for 121 s" in str(operator.poller.stuck())


def test_a_poll_that_never_ends_is_stuck_although_the_loop_ticks(world: World) -> None:
    operator, hang = world.operator(), threading.Event()
    world.target(0)
    world.scaler()
    operator.watch()
    operator.leases.acquire_or_renew({NAMESPACE})
    operator.poller._reconcile = lambda *_: hang.wait(10)  # type: ignore[method-assign, assignment]
    operator.poller.tick()
    wait_for(lambda: any(scaler.polling for scaler in operator.registry.all()))
    wait_for(lambda: operator.poller._progress)

    world.now += 121
    operator.poller.tick()

    assert "no progress for 121 s" in str(operator.poller.stuck())
    hang.set()


def test_a_slow_api_server_does_not_keep_the_engine_from_being_read(world: World) -> None:
    operator, hang = world.operator(), threading.Event()
    operator.poller._per_engine = 1
    reconciled: list[str] = []

    def reconcile(scaler: Scaler, *_: object) -> bool:
        reconciled.append(scaler.name)
        return hang.wait(10) if scaler.name == "first" else True

    operator.poller._reconcile = reconcile  # type: ignore[method-assign, assignment]
    world.scaler("first")
    operator.watch()
    operator.leases.acquire_or_renew({NAMESPACE})
    operator.poller.tick()
    wait_for(lambda: reconciled)

    world.scaler("second")
    operator.watch()
    operator.poller.tick()

    wait_for(lambda: reconciled == ["first", "second"])
    hang.set()


def test_an_engine_is_read_by_so_many_at_a_time(world: World) -> None:
    operator, hang, reading = world.operator(), threading.Event(), []

    def read(batch: Sequence[Scaler]) -> tuple[None, Readings]:
        reading.append(batch)
        hang.wait(10)
        return None, {}

    operator.poller._read = read  # type: ignore[method-assign]
    for number in range(6):
        world.scaler(f"scaler-{number}")
        operator.watch()
        operator.leases.acquire_or_renew({NAMESPACE})
        operator.poller.tick()

    wait_for(lambda: len(reading) == 4)
    waiting = [scaler.name for scaler in operator.registry.all() if not scaler.polling]
    hang.set()

    assert waiting == ["scaler-4", "scaler-5"]


@pytest.mark.parametrize(("seconds", "answer", "slow"), [(2, None, False), (4, None, True), (2, "{}", True)])
def test_an_engine_is_slow_by_its_topics_or_by_its_failure(
    world: World, seconds: float, answer: str | None, *, slow: bool
) -> None:
    operator = world.operator()
    world.target(0)
    world.scaler(topics=["a", "b", "c"])
    world.engine.add("a")
    world.engine.body = answer

    def take_time() -> None:
        world.now += seconds

    world.engine.meanwhile = take_time
    operator.poll()

    assert bool(operator.poller._slow) is slow


def test_an_error_in_one_poll_does_not_stop_the_others(world: World) -> None:
    operator = world.operator()
    for name in ("a", "b", "c"):
        world.target(0, name)
        world.scaler(name, scaleTargetRef={"name": name})
    world.engine.add("validate", 5)
    operator.watch()
    broken = next(scaler for scaler in operator.registry.all() if scaler.name == "b")
    broken.status = None  # type: ignore[assignment]

    operator.poll()

    assert (world.replicas("a"), world.replicas("c")) == (1, 1)
    assert operator.metric('external_task_scaler_polls_total{outcome="broken"}')


def test_an_error_in_the_loop_does_not_end_it(world: World) -> None:
    operator, ticks = world.operator(), []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) > 2:
            operator.poller.stop()
        raise ValueError("whatever")

    operator.poller.tick = tick  # type: ignore[method-assign]
    operator.poller.run()

    assert len(ticks) == 3


def test_who_missed_beats_is_polled_once_and_then_in_step_again(world: World) -> None:
    operator = world.operator()
    world.target(0)
    world.scaler()
    operator.poll(seconds=60)

    (scaler,) = operator.registry.all()
    assert world.now < scaler.due <= world.now + 5
