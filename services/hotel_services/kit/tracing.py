"""A span for each request and each SQL statement, where OpenTelemetry's variables name an endpoint."""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request
from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from sqlalchemy import Engine, event

from hotel_services.kit.settings import SettingsError

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_SERVER_ERROR = 500


def configure(service_name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Make the process's tracer provider if an OTLP endpoint is named; return whether traces are made.

    Args:
        service_name: its name in traces, unless ``OTEL_SERVICE_NAME`` says otherwise.
        environment: where the variables are.

    Raises:
        SettingsError: the endpoint is no URL.
    """
    if environment.get("OTEL_SDK_DISABLED", "").casefold() == "true":
        return False
    name = next((name for name in _ENDPOINTS if environment.get(name)), None)
    if name is None or environment.get("OTEL_TRACES_EXPORTER", "otlp") not in {"", "otlp"}:
        return False
    if not environment[name].startswith(("http://", "https://")):
        raise SettingsError(f"{name} must be a URL with http:// or https://, e.g. http://collector:4318")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        named = environment.get("OTEL_SERVICE_NAME") or service_name
        provider = TracerProvider(resource=Resource.create({"service.name": named}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
    return True


def watch_requests(app: Flask, provider: trace.TracerProvider | None = None) -> None:
    """Make a span of each request, below the caller's if its headers name one."""
    tracer = trace.get_tracer("hotel_services", tracer_provider=provider)

    def begin() -> None:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        g.span = tracer.start_span(
            f"{request.method} {route}",
            context=propagate.extract(request.headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": request.method, "http.route": route},
        )
        g.span_token = context.attach(trace.set_span_in_context(g.span))

    def note(response: Response) -> Response:
        g.span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= _SERVER_ERROR:
            g.span.set_status(Status(StatusCode.ERROR))
        return response

    def end(_error: BaseException | None) -> None:
        if span := g.pop("span", None):
            context.detach(g.pop("span_token"))
            span.end()

    app.before_request(begin)
    app.after_request(note)
    app.teardown_request(end)


def watch_statements(engine: Engine, provider: trace.TracerProvider | None = None) -> None:
    """Make a span of each SQL statement of a request, with its text and without its values."""
    tracer = trace.get_tracer("hotel_services", tracer_provider=provider)
    system = engine.dialect.name

    def begin(_conn: Any, _cursor: Any, statement: str, _values: Any, execution: Any, _many: Any) -> None:
        if trace.get_current_span().is_recording():
            execution.hotel_span = tracer.start_span(
                statement.split(None, 1)[0].upper(),
                kind=SpanKind.CLIENT,
                attributes={"db.system.name": system, "db.query.text": statement},
            )

    def end(_conn: Any, _cursor: Any, _statement: str, _values: Any, execution: Any, _many: Any) -> None:
        if span := getattr(execution, "hotel_span", None):
            span.end()

    def fail(error: Any) -> None:
        if span := getattr(error.execution_context, "hotel_span", None):
            span.set_status(Status(StatusCode.ERROR, type(error.original_exception).__name__))
            span.end()

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)
