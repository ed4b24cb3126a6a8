"""A server that asks to come back later is asked later."""

from datetime import UTC, datetime

import pytest
from external_tasks import EngineClient, EngineOverloaded
from external_tasks.bounded_http import retry_after
from external_tasks.runtime.outages import seconds_to_wait
from support.http_stub import Answer, http_stub


@pytest.mark.parametrize("status", [429, 503])
def test_the_time_that_an_answer_asks_for_is_waited(status: int) -> None:
    with http_stub() as stub, EngineClient(stub.url) as client:
        stub.answer(Answer(status, headers={"Retry-After": "45"}))
        with pytest.raises(EngineOverloaded) as error:
            client.get("/engine")

    assert seconds_to_wait(error.value, 1, lambda: 0.5) == 45


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("7", 7),
        ("0", 0),
        ("99999999", 300),
        ("Fri, 02 Jan 2026 03:04:15 GMT", 10),
        ("Fri, 02 Jan 2026 03:04:00 GMT", 0),
    ],
)
def test_a_time_is_read_in_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == seconds
