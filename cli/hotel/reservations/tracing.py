"""Starts a trace with a reservation, where traces are made."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def traced_start(reference: str) -> Iterator[dict[str, str]]:
    """Give the process variables that let a reservation go on with the caller's trace, in a span of its own.

    Args:
        reference: of the reservation.
    """
    if "opentelemetry.sdk" not in sys.modules:
        yield {}
        return
    from opentelemetry import trace  # noqa: PLC0415 - loaded only where traces are made
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    tracer = trace.get_tracer("hotel")
    with tracer.start_as_current_span(
        "create_reservation",
        kind=trace.SpanKind.PRODUCER,
        attributes={"hotel.reservation_ref": reference},
        record_exception=False,
    ):
        variables: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(variables)
        yield variables
