"""Simulated workers for tests."""

from external_task_operator.simulation.fleet import Fleet, FleetSettings


def fleet(**settings: float) -> Fleet:
    """Return no pods yet, of 2 slots and a start of 5 s."""
    return Fleet(FleetSettings(**{"slots": 2, "startup_seconds": 5, **settings}))  # type: ignore[arg-type]


def started(pods: int, *, tasks: int = 0, **settings: float) -> Fleet:
    """Return pods that have started, and work on so many tasks."""
    some = fleet(**settings)
    some.scale(pods, -100, idle_first=False)
    some.advance(0)
    for _ in range(tasks):
        some.arrive(0)
    some.advance(0)
    return some
