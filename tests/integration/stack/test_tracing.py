"""One reservation is one trace, from the command through the engine to the services' SQL."""

import json
from pathlib import Path

import pytest
from hotel.names import EngineKind
from support.hotel_command import HotelCommand
from support.otlp import ReceivedSpan, otlp_receiver
from support.reservations import new_fields
from support.stacks import Engine, Stack, new_stack
from support.waiting import eventually


@pytest.mark.any_engine
def test_one_reservation_is_one_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        parts = new_stack(tmp_path, EngineKind.OPERATON, None)
        engine = Engine(parts)
        stack = Stack(parts, engine)
        try:
            engine.start()
            stack.start()
            ran = HotelCommand(stack.home)("reserve", "--file", "-", "--json", stdin=json.dumps(new_fields()))
            assert ran.json["state"] == "confirmed", ran.err
            eventually(lambda: len(_of(receiver.spans, "hotel-booking")) > 0)
        finally:
            parts.stop()
            engine.close()

    (start,) = _of(receiver.spans, "hotel", "create_reservation")
    inside = [span for span in receiver.spans if span.trace_id == start.trace_id]
    by_id = {span.span_id: span for span in inside}
    assert all(span.parent_id in by_id for span in inside if span is not start)
    handlers = [span for span in inside if span.parent_id == start.span_id]
    assert {span.service for span in handlers} == {"hotel-worker"}
    services = {span.service for span in inside} - {"hotel", "hotel-worker"}
    assert services == {"hotel-booking", "hotel-room", "hotel-restaurant", "hotel-client"}
    for service in services:
        requests = [
            span
            for span in inside
            if span.service == service and by_id[span.parent_id].service == "hotel-worker"
        ]
        assert any(span.parent_id in {each.span_id for each in requests} for span in inside)


def _of(spans: list[ReceivedSpan], service: str, name: str = "") -> list[ReceivedSpan]:
    return [span for span in spans if span.service == service and name in span.name]
