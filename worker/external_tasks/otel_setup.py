"""Sends a program's traces to where OpenTelemetry's standard environment variables say."""

import os
from collections.abc import Mapping

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

PROTOCOL = "http/protobuf"


def is_switched_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names an OTLP endpoint for traces, and does not switch tracing off.

    Raises:
        ValueError: a variable cannot be used; the message names it.
    """
    if environment.get("OTEL_SDK_DISABLED", "").casefold() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp") not in {"", "otlp"}:
        return False
    name = next((name for name in ENDPOINTS if environment.get(name)), None)
    if name is None:
        return False
    if not environment[name].startswith(("http://", "https://")):
        raise ValueError(f"{name} must be a URL with http:// or https://, e.g. http://collector:4318")
    chosen = next((name for name in PROTOCOLS if environment.get(name)), None)
    if chosen is not None and environment[chosen] != PROTOCOL:
        raise ValueError(f"{chosen} must be {PROTOCOL}, not {environment[chosen]!r}")
    return True


def configure(service_name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Make the program's tracer provider if tracing is switched on; return whether it is.

    A provider that the program has made already is left as it is.

    Args:
        service_name: how the program is named in traces, unless ``OTEL_SERVICE_NAME`` says otherwise.
        environment: where the variables are.

    Raises:
        ValueError: a variable cannot be used, or the packages of the extra ``otel`` are missing.
    """
    if not is_switched_on(environment):
        return False
    try:
        from opentelemetry import trace  # noqa: PLC0415 - only where tracing is switched on
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise ValueError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: install the extra otel"
        ) from error
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return True
    named = environment.get("OTEL_SERVICE_NAME") or service_name
    provider = TracerProvider(resource=Resource.create({"service.name": named}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
