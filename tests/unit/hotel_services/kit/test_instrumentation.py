import re

import pytest
from flask.testing import FlaskClient

LIST = "/api/thing/things"


def test_request_id_is_given_back(things: FlaskClient) -> None:
    assert things.get(LIST, headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "<b>", "ä"])
def test_unusable_request_id_is_replaced(things: FlaskClient, given: str) -> None:
    answered = things.get(LIST, headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", answered)


def test_refusals_carry_a_request_id_too(things: FlaskClient) -> None:
    assert things.get("/nowhere", headers={"X-Request-ID": "abc-2"}).headers["X-Request-ID"] == "abc-2"


def test_one_line_tells_of_each_request(
    things: FlaskClient, everything_logged: pytest.LogCaptureFixture
) -> None:
    things.get(f"{LIST}?limit=3")
    [line] = [record for record in everything_logged.records if record.name == "hotel_services.access"]
    facts = vars(line)
    assert (facts["method"], facts["route"], facts["status"]) == ("GET", LIST, 200)
    assert facts["seconds"] >= 0


def test_what_was_typed_into_an_address_is_not_logged(
    things: FlaskClient, everything_logged: pytest.LogCaptureFixture
) -> None:
    things.get(f"{LIST}?email=jean@example.com")
    things.get("/api/thing/things/jean@example.com")
    things.get("/jean@example.com")
    assert "jean@" not in str([vars(record) for record in everything_logged.records])


def test_metrics_count_requests_by_route_and_status(things: FlaskClient) -> None:
    things.get(LIST)
    things.get("/api/thing/things/%00")
    things.get("/nowhere")
    text = things.get("/metrics").text
    assert 'hotel_http_request_seconds_count{method="GET",route="/api/thing/things",status="200"} 1.0' in text
    assert 'route="/api/thing/things/<name>",status="404"} 1.0' in text
    assert 'route="unmatched",status="404"} 1.0' in text
    # The request for the metrics is itself under way.
    assert "hotel_http_requests_in_flight 1.0" in text
    assert 'hotel_database_connections{state="limit"} 10.0' in text


def test_health_is_told(things: FlaskClient) -> None:
    assert things.get("/livez").status_code == 200
    assert things.get("/readyz").status_code == 200
