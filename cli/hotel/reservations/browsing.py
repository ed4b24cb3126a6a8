"""Going through all reservations, page by page."""

from collections import defaultdict
from collections.abc import Iterator

from hotel.reservations.engine import ReservationEngine
from hotel.reservations.states import Instance, ReservationState, Reserved

_PAGE = 200
# The states that a reservation's own instance does not tell by its variable `status` alone.
_NOT_TOLD_BY_STATUS = frozenset(
    {None, ReservationState.IN_PROGRESS, ReservationState.CANCELLED, ReservationState.TERMINATED}
)


def browse(engine: ReservationEngine, state: ReservationState | None) -> Iterator[Reserved]:
    """Yield reservations in a state, or in any, the youngest first; duplicates where they are asked for."""
    # Where a later cancellation may have changed the state, the instance's own variable does not tell it.
    status = None if state in _NOT_TOLD_BY_STATUS else state
    first = 0
    while page := engine.reservations(first=first, limit=_PAGE, status=status):
        for reserved in _with_cancellations(engine, page):
            own_state = reserved.canonical.state
            wanted = state in {None, reserved.state}
            if wanted and (state or own_state is not ReservationState.DUPLICATE):
                yield reserved
        first += len(page)


def _with_cancellations(engine: ReservationEngine, page: list[Instance]) -> list[Reserved]:
    cancellations = engine.cancellations([instance.reference for instance in page])
    known = engine.with_variables([*page, *cancellations], states_only=True)
    by_reference: dict[str, list[Instance]] = defaultdict(list)
    for cancellation in known[len(page) :]:
        by_reference[cancellation.reference].append(cancellation)
    return [Reserved.of([instance, *by_reference[instance.reference]]) for instance in known[: len(page)]]
