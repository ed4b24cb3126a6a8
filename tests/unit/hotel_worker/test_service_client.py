"""What HTTP does to a task: answers, refusals, trouble on the way."""

import logging
import threading
from datetime import UTC, datetime

import pytest
from external_tasks.bounded_http import retry_after
from external_tasks.errors import BusinessError, PermanentError, TransientError
from hotel_worker.services.http import Answer as Model
from hotel_worker.services.http import ServiceClient
from support.raw_server import raw_server
from support.stub_service import Answer, StubService

CALL = "POST /api/thing"


class Thing(Model):
    number: int


@pytest.fixture
def client(stub: StubService) -> ServiceClient:
    return ServiceClient("thing", stub.url + "/", token="secret-token", timeout=20, pool_size=2)


def post(client: ServiceClient, **body: object) -> int:
    return client.post("/api/thing", body, Thing, task_id="task-1", expected={"TAKEN": "MODELLED"}).number


def test_request_carries_what_makes_it_safe_to_repeat_and_to_trace(
    client: ServiceClient, stub: StubService
) -> None:
    stub.answer_json(CALL, {"number": 7, "more": "of no interest"}, 201)

    assert post(client, name="Zoë", nothing=None) == 7
    (request,) = stub.requests
    assert request.body == {"name": "Zoë"}
    assert request.headers["Idempotency-Key"] == "task-1"
    assert request.headers["X-Request-ID"] == "task-1"
    assert request.headers["Authorization"] == "Bearer secret-token"
    assert request.headers["Content-Type"] == "application/json"


def test_without_a_token_none_is_sent(stub: StubService) -> None:
    stub.answer_json("GET /api/thing", {"number": 7})
    client = ServiceClient("thing", stub.url, token=None, timeout=2, pool_size=1)
    client.get("/api/thing", Thing, task_id="task-1", query={"a": "b&c", "none": None})

    assert "Authorization" not in stub.requests[0].headers
    assert "Idempotency-Key" not in stub.requests[0].headers
    assert stub.requests[0].query == {"a": "b&c"}


def test_connections_are_kept(client: ServiceClient, stub: StubService) -> None:
    stub.answer_json(CALL, {"number": 7})
    for _ in range(5):
        post(client)
    assert stub.connections == 1


def test_environment_has_no_say(
    stub: StubService, monkeypatch: pytest.MonkeyPatch, client: ServiceClient
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    stub.answer_json(CALL, {"number": 7})
    assert post(client) == 7


def test_cookies_are_not_kept(client: ServiceClient, stub: StubService) -> None:
    stub.answer(CALL, Answer(200, {"number": 7}, {"Set-Cookie": "session=1"}))
    post(client)
    post(client)
    assert "Cookie" not in stub.requests[1].headers


def test_a_refusal_names_fields_and_shows_no_value(client: ServiceClient, stub: StubService) -> None:
    errors = [{"field": "email", "message": "zoe@example.com is no address"}, "odd", {}]
    stub.answer_problem(CALL, 422, "VALIDATION_FAILED", errors=errors)
    with pytest.raises(PermanentError, match=r"\(VALIDATION_FAILED; email; None\)") as raised:
        post(client)
    assert "zoe" not in str(raised.value)


def test_expected_refusal_is_the_modelled_error(client: ServiceClient, stub: StubService) -> None:
    stub.answer_problem(CALL, 409, "TAKEN", "it is taken")
    with pytest.raises(BusinessError) as raised:
        post(client)
    assert (raised.value.code, raised.value.message) == ("MODELLED", "it is taken")


def test_cancelled_reservation_is_modelled_everywhere(client: ServiceClient, stub: StubService) -> None:
    stub.answer_problem(CALL, 409, "RESERVATION_CANCELLED")
    with pytest.raises(BusinessError) as raised:
        post(client)
    assert raised.value.code == "RESERVATION_CANCELLED"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "MALFORMED_JSON"),
        (404, "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (409, "REFERENCE_TAKEN"),
        (413, "CONTENT_TOO_LARGE"),
        (422, "VALIDATION_FAILED"),
        (422, "IDEMPOTENCY_KEY_REUSED"),
    ],
)
def test_refusal_that_would_be_repeated_is_permanent(
    client: ServiceClient, stub: StubService, status: int, code: str
) -> None:
    stub.answer_problem(CALL, status, code, "because")
    with pytest.raises(PermanentError, match=rf"POST .*/api/thing answered {status} \({code}; because\)"):
        post(client)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
@pytest.mark.parametrize("body", [{"code": "SOMETHING"}, b"<html>", [1], b""])
def test_trouble_of_the_service_passes(
    client: ServiceClient, stub: StubService, status: int, body: object
) -> None:
    stub.answer(CALL, Answer(status, body))
    with pytest.raises(TransientError, match=f"answered {status}"):
        post(client)


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_token_tells_what_to_set_and_is_tried_again(
    client: ServiceClient, stub: StubService, status: int
) -> None:
    stub.answer_problem(CALL, status, "UNAUTHORIZED", "no")
    with pytest.raises(TransientError, match="set SERVICE_TOKEN") as raised:
        post(client)
    assert "secret-token" not in str(raised.value)


def test_service_says_when_to_come_back(client: ServiceClient, stub: StubService) -> None:
    stub.answer(CALL, Answer(503, {}, {"Retry-After": "7"}))
    with pytest.raises(TransientError) as raised:
        post(client)
    assert raised.value.retry_after == 7


@pytest.mark.parametrize("body", [{"number": "seven"}, {}, [], b"<html>welcome</html>", b""])
def test_success_that_cannot_be_read_is_tried_again(
    client: ServiceClient, stub: StubService, body: object
) -> None:
    stub.answer(CALL, Answer(200, body))
    with pytest.raises(TransientError, match="unusable response"):
        post(client)


def test_redirect_is_not_followed(client: ServiceClient, stub: StubService) -> None:
    stub.answer(CALL, Answer(302, {}, {"Location": stub.url + "/elsewhere"}))
    with pytest.raises(TransientError, match="answered 302"):
        post(client)
    assert len(stub.requests) == 1


def test_connection_that_was_closed_behind_our_back_is_opened_again(
    client: ServiceClient, stub: StubService
) -> None:
    stub.answer(CALL, Answer(None), Answer(200, {"number": 7}))
    assert post(client) == 7
    assert [request.headers["Idempotency-Key"] for request in stub.requests] == ["task-1", "task-1"]


def test_service_that_closes_every_connection_is_tried_again_later(
    client: ServiceClient, stub: StubService
) -> None:
    stub.answer(CALL, Answer(None))
    with pytest.raises(TransientError, match=r"thing service: POST http.* gave no response"):
        post(client)
    assert len(stub.requests) == 2


def test_service_that_is_down_is_tried_again_later(stub: StubService) -> None:
    stub.close()
    client = ServiceClient("thing", stub.url, token=None, timeout=2, pool_size=1)
    with pytest.raises(TransientError, match=r"gave no response: .*[Cc]onnection refused"):
        post(client)


def test_service_that_takes_too_long_is_tried_again_later(stub: StubService) -> None:
    over = threading.Event()
    stub.answer(CALL, Answer(200, {"number": 7}, before=over.wait))
    client = ServiceClient("thing", stub.url, token=None, timeout=0.5, pool_size=1)
    with pytest.raises(TransientError, match=r"no complete response within 0\.5 s"):
        post(client)
    over.set()
    assert len(stub.requests) == 1


def test_personal_data_of_a_query_are_in_no_message(
    client: ServiceClient, stub: StubService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stub.answer("GET /api/thing", Answer(503))
    with pytest.raises(TransientError) as raised:
        client.get("/api/thing", Thing, task_id="task-1", query={"email": "jean@example.com"})
    assert "jean" not in str(raised.value)
    assert "jean" not in caplog.text


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("12", 12),
        ("99999", 300),
        ("-5", None),
        ("soon", None),
        ("Wed, 31 Mar 2027 12:00:30 GMT", 30),
        ("Wed, 31 Mar 2027 11:00:00 GMT", 0),
        ("Wed, 31 Mar 2027 12:00:30 -0000", 30),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2027, 3, 31, 12, tzinfo=UTC)) == seconds


def test_a_response_that_drips_ends_with_the_calls_time() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"{", *[b" "] * 98, b"}"]
    with raw_server(pieces, pause=0.05) as url:
        client = ServiceClient("thing", url, token=None, timeout=0.5, pool_size=1)
        with pytest.raises(TransientError, match=r"no complete response within 0\.5 s"):
            client.get("/api/thing", Thing, task_id="task-1")


def test_a_response_beyond_the_limit_is_tried_again(stub: StubService) -> None:
    stub.answer(CALL, Answer(200, {"number": 7, "more": "x" * 2000}))
    client = ServiceClient("thing", stub.url, token=None, timeout=5, pool_size=1, max_response_bytes=1000)
    with pytest.raises(TransientError, match="larger than 1000 bytes"):
        post(client)


@pytest.mark.parametrize("status", [200, 500])
def test_a_response_that_is_nested_too_deeply_is_tried_again(
    client: ServiceClient, stub: StubService, status: int
) -> None:
    stub.answer(CALL, Answer(status, b'{"number":' * 5000))
    with pytest.raises(TransientError, match="unusable response" if status == 200 else "answered 500"):
        post(client)


def test_the_token_follows_no_redirect_to_another_server(client: ServiceClient, stub: StubService) -> None:
    other = StubService()
    stub.answer(CALL, Answer(307, {}, {"Location": other.url + "/api/thing"}))
    with pytest.raises(TransientError, match="answered 307"):
        post(client)
    assert other.requests == []
    other.close()
