"""A span for each call of a service, where traces are made."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from external_tasks.bounded_http import Request


@contextmanager
def traced(service: str, request: Request) -> Iterator[Request]:
    """Give the request with the trace's context in its headers, in a span that lasts as long as the call.

    Args:
        service: what is called.
        request: as it is; its query is not recorded, as it may hold personal data.
    """
    if "opentelemetry.sdk" not in sys.modules:
        yield request
        return
    from opentelemetry import propagate, trace  # noqa: PLC0415 - loaded only where traces are made

    tracer = trace.get_tracer("hotel_worker")
    with tracer.start_as_current_span(
        f"{request.method} {service}",
        kind=trace.SpanKind.CLIENT,
        attributes={"http.request.method": request.method, "peer.service": service},
        record_exception=False,
    ):
        headers = dict(request.headers)
        propagate.inject(headers)
        yield replace(request, headers=headers)
