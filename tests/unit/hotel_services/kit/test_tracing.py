"""Traces of a service's requests and its SQL."""

from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from hotel_services.kit import tracing
from hotel_services.kit.settings import SettingsError
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def spans_of(tmp_path: Path, *paths: str) -> list[ReadableSpan]:
    """Ask an application whose requests use a database, and return the spans in the order of their ends."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    engine, app = create_engine(f"sqlite:///{tmp_path / 'rooms.db'}"), Flask("rooms")
    tracing.watch_requests(app, provider)
    tracing.watch_statements(engine, provider)

    @app.get("/rooms/<name>")
    def room(name: str) -> str:
        with engine.connect() as connection:
            return str(connection.execute(text("select :name"), {"name": name}).scalar())

    @app.get("/broken")
    def broken() -> tuple[str, int]:
        with engine.connect() as connection, pytest.raises(OperationalError):
            connection.execute(text("select nothing from nowhere"))
        return "", HTTPStatus.INTERNAL_SERVER_ERROR

    with engine.connect() as connection:
        connection.execute(text("select 1"))
    client = app.test_client()
    for path in paths:
        client.get(path, headers={"traceparent": PARENT})
    engine.dispose()
    return list(exporter.get_finished_spans())


def test_a_request_and_its_statement_are_spans_of_the_callers_trace(tmp_path: Path) -> None:
    statement, request = spans_of(tmp_path, "/rooms/zoe@example.com")

    assert (request.name, statement.name) == ("GET /rooms/<name>", "SELECT")
    assert request.parent is not None
    assert f"{request.parent.trace_id:x}-{request.parent.span_id:x}" == f"{'a' * 32}-{'b' * 16}"
    assert request.context is not None
    assert statement.parent is not None
    assert statement.parent.span_id == request.context.span_id
    assert dict(statement.attributes or {}) == {"db.system.name": "sqlite", "db.query.text": "select ?"}
    assert dict(request.attributes or {})["http.response.status_code"] == HTTPStatus.OK
    assert "zoe@" not in request.to_json() + statement.to_json()


def test_failures_are_marked(tmp_path: Path) -> None:
    statement, request = spans_of(tmp_path, "/broken")

    assert statement.status.status_code is StatusCode.ERROR
    assert request.status.status_code is StatusCode.ERROR


def test_traces_are_off_without_an_endpoint() -> None:
    assert tracing.configure("hotel-rooms", {}) is False
    disabled = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}
    assert tracing.configure("hotel-rooms", disabled) is False


def test_an_endpoint_that_is_no_url_is_refused() -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT must be a URL"):
        tracing.configure("hotel-rooms", {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"})
