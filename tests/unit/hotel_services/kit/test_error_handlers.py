import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

MAKE = "/api/thing/make"


def check_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.data)
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert {"type", "title", "detail"} <= set(problem)
    return problem


def test_unknown_path_is_a_problem(things: FlaskClient) -> None:
    check_problem(things.get("/nowhere"), 404, "NOT_FOUND")


def test_wrong_method_is_a_problem_that_names_the_right_one(things: FlaskClient) -> None:
    response = things.get(MAKE)
    check_problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "POST"


def test_body_of_another_type_is_refused(things: FlaskClient) -> None:
    check_problem(things.post(MAKE, data="name=x"), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("text", ["", "{", "{'name': 1}", "[" * 5000, b'{"name": "\xff"}', '{"name": NaN'])
def test_body_that_is_no_json_is_refused(things: FlaskClient, text: str | bytes) -> None:
    check_problem(things.post(MAKE, data=text, content_type="application/json"), 400, "MALFORMED_JSON")


def test_body_of_more_than_64_kb_is_refused(things: FlaskClient) -> None:
    largest = json.dumps({"name": "Jo"}).ljust(64 * 1024)
    assert things.post(MAKE, data=largest, content_type="application/json").status_code == 201
    too_large = things.post(MAKE, data=largest + " ", content_type="application/json")
    check_problem(too_large, 413, "CONTENT_TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name"]),
        ([], ["body"]),
        ({"name": None}, ["name"]),
        ({"name": 7}, ["name"]),
        ({"name": " \t"}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "a\u0000b"}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
        ({"name": "Jo", "guests": "2"}, ["guests"]),
        ({"name": "Jo", "guests": True}, ["guests"]),
        ({"name": "Jo", "guests": 21}, ["guests"]),
        ({"name": "Jo", "guests": 10**40}, ["guests"]),
        ({"name": "Jo", "day": "2027-02-30"}, ["day"]),
        ({"name": "Jo", "day": "20270203"}, ["day"]),
        ({"name": "Jo", "day": "2027-02-03T00:00:00"}, ["day"]),
        ({"name": "Jo", "day": 1}, ["day"]),
        ({"name": "Jo", "nickname": "J", "guests": 0}, ["guests", "nickname"]),
    ],
)
def test_invalid_fields_are_named(things: FlaskClient, body: Any, fields: list[str]) -> None:
    problem = check_problem(things.post(MAKE, json=body), 422, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == fields


def test_lone_surrogates_are_refused(things: FlaskClient) -> None:
    response = things.post(MAKE, data=r'{"name": "\ud800"}', content_type="application/json")
    assert response.status_code in {400, 422}


@pytest.mark.parametrize("name", ["Zoë", "李小龍", "محمد", "🦊", "O'Brien; DROP TABLE x", "<script>", " Jo "])
def test_names_of_any_script_are_taken_as_text(things: FlaskClient, name: str) -> None:
    response = things.post(MAKE, json={"name": name})
    assert (response.status_code, response.json) == (201, {"name": name.strip(), "count": 1})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1.0", "limit"),
        ("limit=+1", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("whole=yes", "whole"),
        ("colour=red", "colour"),
    ],
)
def test_invalid_query_parameters_are_named(things: FlaskClient, query: str, field: str) -> None:
    problem = check_problem(things.get(f"/api/thing/things?{query}"), 422, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_query_parameters_are_read_by_their_type(things: FlaskClient) -> None:
    response = things.get("/api/thing/things?limit=7&whole=false")
    assert response.json == {"name": "False", "count": 7}


def test_path_parameter_that_can_be_no_id_is_not_found(things: FlaskClient) -> None:
    check_problem(things.get("/api/thing/things/%00"), 404, "NOT_FOUND")


def test_lost_database_is_told_with_a_time_to_come_back(things: FlaskClient) -> None:
    response = things.get("/api/thing/things/x")
    check_problem(response, 503, "DATABASE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "1"


def test_unexpected_error_shows_nothing_of_itself(
    things: FlaskClient, everything_logged: pytest.LogCaptureFixture
) -> None:
    """Its message may quote what a guest typed: neither the answer nor the log repeats it."""
    response = things.post("/api/thing/break", json={"name": "Margarethe"})

    check_problem(response, 500, "INTERNAL_ERROR")
    [line] = [record for record in everything_logged.records if record.message == "unexpected error"]
    assert "break_thing" in vars(line)["stack"]
    assert "Margarethe" not in response.text + str([vars(record) for record in everything_logged.records])


def post_json(things: FlaskClient, body: bytes, **headers: str) -> TestResponse:
    return things.post(MAKE, data=body, content_type="application/json", headers=headers)


def test_byte_order_mark_is_refused_with_words(things: FlaskClient) -> None:
    problem = check_problem(post_json(things, b'\xef\xbb\xbf{"name": "Jo"}'), 400, "MALFORMED_JSON")
    assert "byte order mark" in problem["detail"]


@pytest.mark.parametrize("body", [b'{"name": "Jo", "name": "Jo"}', b'{"name": "Jo", "\\u006eame": "Al"}'])
def test_key_that_is_given_twice_is_refused(things: FlaskClient, body: bytes) -> None:
    problem = check_problem(post_json(things, body), 422, "VALIDATION_FAILED")
    assert problem["errors"] == [{"field": "name", "message": "Given more than once"}]


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x"])
def test_compressed_body_is_refused_with_words(things: FlaskClient, coding: str) -> None:
    answer = post_json(things, gzip.compress(b'{"name": "Jo"}'), **{"Content-Encoding": coding})
    problem = check_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert "without Content-Encoding" in problem["detail"]
    assert answer.headers["Accept-Encoding"] == "identity"


def test_coding_that_changes_nothing_is_taken(things: FlaskClient) -> None:
    assert post_json(things, b'{"name": "Jo"}', **{"Content-Encoding": "Identity"}).status_code == 201


def test_messages_are_words_and_no_regular_expressions(things: FlaskClient) -> None:
    problem = check_problem(things.post(MAKE, json={"name": "a\nb"}), 422, "VALIDATION_FAILED")
    [error] = problem["errors"]
    assert error["message"] == "must hold a visible character and no control characters"
