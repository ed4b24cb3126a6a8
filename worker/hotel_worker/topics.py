"""Which function does which topic of the process."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from external_tasks import CircuitBreaker, OnRetriesExhausted, TaskRouter

from hotel_worker.handlers import booking, client, restaurant, room, validation
from hotel_worker.reservation import Reservation
from hotel_worker.services import Services

HANDLERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "validate-input": validation.validate_input,
    "search-client": client.search_client,
    "create-client": client.create_client,
    "check-room-availability": room.check_room_availability,
    "block-room": room.block_room,
    "reserve-table": restaurant.reserve_table,
    "confirm-room": room.confirm_room,
    "create-booking": booking.create_booking,
    "cancel-booking": booking.cancel_booking,
    "cancel-table": restaurant.cancel_table,
    "release-room": room.release_room,
}

SERVICES: Mapping[str, str] = {
    # A module of handlers has the name of their service; this one calls the booking service too.
    topic: handler.__module__.rpartition(".")[2] if topic != "validate-input" else "booking"
    for topic, handler in HANDLERS.items()
}
"""The service that a topic's handler changes."""

COMPENSATION = frozenset({"cancel-booking", "cancel-table", "release-room"})
"""Topics that undo: they are never given up, so that their used-up retries become incidents."""

EXHAUSTED: Mapping[str, OnRetriesExhausted] = {
    topic: "incident" if topic in COMPENSATION else "bpmn_error" for topic in HANDLERS
}
"""What follows a topic's used-up retries unless the settings say otherwise."""


def new_router(
    services: Services,
    topics: Iterable[str] = tuple(HANDLERS),
    exhausted: Mapping[str, OnRetriesExhausted] = EXHAUSTED,
    breakers: Mapping[str, CircuitBreaker] = MappingProxyType({}),
) -> TaskRouter:
    """Register the handlers of some topics, bound to the services they work with.

    Args:
        services: what the handlers talk to.
        topics: those to register.
        exhausted: what follows used-up retries, by topic; one that is not named follows `EXHAUSTED`.
        breakers: by service, what pauses the topics that need it while it is down.
    """
    router = TaskRouter()
    rules = {**EXHAUSTED, **exhausted}
    for topic in topics:
        handler = HANDLERS[topic]
        register = router.task(
            topic,
            variables=variables_of(handler),
            on_retries_exhausted=rules[topic],
            breaker=breakers.get(SERVICES[topic]),
        )
        register(partial(handler, services))
    return router


def variables_of(handler: Callable[..., Any]) -> tuple[str, ...]:
    """Name the process variables that a handler reads: no task carries data that it does not need."""
    named = [name for name in inspect.signature(handler).parameters if name not in {"services", "task"}]
    return tuple(named or Reservation.model_fields)
