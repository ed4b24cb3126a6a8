from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.app import Resources
from hotel_services.kit.http import idempotency
from hotel_services.kit.http.fields import ViewModel
from hotel_services.kit.http.idempotency import idempotency_keys
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

MAKE = "/api/thing/make"


def make(things: FlaskClient, name: str, key: str | None) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return things.post(MAKE, json={"name": name}, headers=headers)


def code_of(response: TestResponse) -> str:
    return str(response.get_json(force=True)["code"])


def resources_of(things: FlaskClient) -> Resources:
    resources = things.application.extensions["resources"]
    assert isinstance(resources, Resources)
    return resources


def test_same_request_with_the_same_key_gets_the_same_answer(things: FlaskClient) -> None:
    first, second = make(things, "Jo", "k"), make(things, "Jo", "k")
    assert (second.status_code, second.data) == (first.status_code, first.data) == (201, first.data)
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"


def test_without_a_key_every_request_is_one_of_its_own(things: FlaskClient) -> None:
    assert make(things, "Jo", None).status_code == 201
    assert make(things, "Jo", None).status_code == 409


def test_form_of_the_body_does_not_matter(things: FlaskClient) -> None:
    make(things, "Jo", "k")
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    same = things.post(MAKE, data='{ "guests": 1, "name": "Jo" }', headers=headers)
    assert same.headers["Idempotent-Replay"] == "true"


def test_key_of_another_body_is_refused(things: FlaskClient) -> None:
    make(things, "Jo", "k")
    refused = make(things, "Al", "k")
    assert (refused.status_code, code_of(refused)) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_key_of_another_path_is_refused(things: FlaskClient) -> None:
    make(things, "Jo", "k")
    refused = things.post("/api/thing/break", json={"name": "Jo"}, headers={"Idempotency-Key": "k"})
    assert (refused.status_code, code_of(refused)) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_refusal_is_kept_as_well(things: FlaskClient) -> None:
    """Nothing is lost when an answer is: who asks again hears the same 409, and from then on always."""
    make(things, "Jo", None)
    first, second = make(things, "Jo", "k"), make(things, "Jo", "k")
    assert (first.status_code, code_of(first)) == (409, "THING_TAKEN")
    assert second.data == first.data
    assert second.content_type == "application/problem+json"
    assert second.headers["Idempotent-Replay"] == "true"


def test_failure_is_not_kept(things: FlaskClient) -> None:
    for _ in range(2):
        failed = things.post("/api/thing/break", json={"name": "Jo"}, headers={"Idempotency-Key": "k"})
        assert (failed.status_code, failed.headers.get("Idempotent-Replay")) == (500, None)


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "\u00e4"])
def test_key_of_another_form_is_refused(things: FlaskClient, key: str) -> None:
    refused = make(things, "Jo", key)
    assert refused.status_code == 422
    assert refused.get_json(force=True)["errors"][0]["field"] == "Idempotency-Key"


def test_twins_at_once_have_one_effect(things: FlaskClient) -> None:
    with ThreadPoolExecutor(10) as pool:
        app = things.application
        answers = list(pool.map(lambda _: make(app.test_client(), "Jo", "k"), range(10)))
    assert {(answer.status_code, answer.data) for answer in answers} == {(201, b'{"name":"Jo","count":1}')}
    assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1


def test_old_keys_are_swept(things: FlaskClient) -> None:
    make(things, "Jo", "old")
    database = resources_of(things).database
    aged = update(idempotency_keys).values(created_at=func.datetime("now", "-61 seconds"))
    database.write(lambda session: session.execute(aged))
    make(things, "Al", "young")

    assert database.write(lambda session: idempotency.sweep(session, 60)) == 1
    left = database.read(lambda session: session.scalars(select(idempotency_keys.c.idempotency_key)).all())
    assert left == ["young"]


def test_key_that_is_swept_while_it_is_looked_up_counts_as_new(
    things: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry finds its key taken; before it reads the answer, the sweep has taken both away."""
    make(things, "Jo", "k")
    execute, sweeps = Session.execute, iter([delete(idempotency_keys)])

    def sweep_first(session: Session, statement: Any, *rest: Any) -> Any:
        if isinstance(statement, Select) and (sweep := next(sweeps, None)) is not None:
            execute(session, sweep)
        return execute(session, statement, *rest)

    monkeypatch.setattr(Session, "execute", sweep_first)
    database = resources_of(things).database
    assert database.write(lambda session: idempotency.acquire_key(session, "k", "the same request")) is None


def test_answer_about_somebody_can_be_rewritten(things: FlaskClient) -> None:
    class Nobody(ViewModel):
        name: str = "nobody"

    make(things, "Jo", "k")
    database = resources_of(things).database
    subject = update(idempotency_keys).values(subject="jo")
    database.write(lambda session: session.execute(subject))
    database.write(lambda session: idempotency.rewrite_answers(session, "jo", Nobody()))
    assert make(things, "Jo", "k").json == {"name": "nobody"}
