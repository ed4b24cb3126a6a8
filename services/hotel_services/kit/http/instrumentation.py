"""What is recorded of each request: an id, one log line, its duration, and how many are in progress."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from hotel_services.kit.logs import REQUEST_ID
from hotel_services.kit.metrics import Metrics

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_QUIET = {"/livez", "/readyz", "/metrics"}
log = logging.getLogger("hotel_services.access")


def install(app: Flask, metrics: Metrics) -> None:
    """Observe the application's requests."""

    def begin() -> None:
        g.started = time.perf_counter()
        given = request.headers.get(HEADER, "")
        g.request_id = given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        REQUEST_ID.set(g.request_id)
        metrics.in_flight.inc()

    def note(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        # The route and never the path or the query, which may hold somebody's e-mail address.
        route = request.url_rule.rule if request.url_rule else "unmatched"
        method = request.method if request.url_rule else "any"
        metrics.request_seconds.labels(method, route, response.status_code).observe(seconds)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        facts = {
            "method": method,
            "route": route,
            "status": response.status_code,
            "seconds": round(seconds, 6),
        }
        log.log(level, "request", extra=facts)
        response.headers[HEADER] = g.request_id
        return response

    def end(_error: BaseException | None) -> None:
        metrics.in_flight.dec()
        REQUEST_ID.set(None)

    app.before_request(begin)
    app.after_request(note)
    app.teardown_request(end)
