import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

JEAN = {
    "first_name": "Jean",
    "last_name": "Valjean",
    "email": "Jean@Example.com",
    "phone": "+33 1 23 45 67 89",
}


def create(clients: FlaskClient, key: str | None = None, **changes: Any) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return clients.post("/api/client/create", json={**JEAN, **changes}, headers=headers)


def search(clients: FlaskClient, email: str) -> Any:
    answer = clients.get("/api/client/search", query_string={"email": email})
    assert answer.status_code == 200
    return answer.get_json()


def code_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json(force=True)["code"]


class TestCreate:
    def test_client_is_kept_as_written(self, clients: FlaskClient) -> None:
        answer = create(clients)
        client = answer.get_json()
        assert answer.status_code == 201
        assert {name: client[name] for name in JEAN} == JEAN
        assert clients.get(f"/api/client/clients/{client['client_id']}").get_json() == client

    def test_phone_may_be_left_out(self, clients: FlaskClient) -> None:
        assert create(clients, phone=None).get_json()["phone"] is None

    def test_duplicate_gets_the_one_that_exists(self, clients: FlaskClient) -> None:
        first = create(clients)
        second = create(clients, email="JEAN@example.COM", first_name="John")
        assert (second.status_code, second.data) == (200, first.data)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "jean"}, "email"),
            ({"email": "jean@"}, "email"),
            ({"email": "jean@example"}, "email"),
            ({"email": "@example.com"}, "email"),
            ({"email": "jean@@example.com"}, "email"),
            ({"email": "jean@exa mple.com"}, "email"),
            ({"email": "jean@example..com"}, "email"),
            ({"email": "jean\n@example.com"}, "email"),
            ({"email": "j@" + "x" * 250 + ".com"}, "email"),
            ({"email": "j" * 65 + "@example.com"}, "email"),
            ({"first_name": "x" * 10_000}, "first_name"),
            ({"last_name": " "}, "last_name"),
            ({"last_name": "\u200b"}, "last_name"),
            ({"last_name": "\u3164\ufeff\u202e"}, "last_name"),
            ({"phone": "call me"}, "phone"),
            ({"phone": ""}, "phone"),
            ({"title": "Dr"}, "title"),
        ],
    )
    def test_wrong_field_is_named(self, clients: FlaskClient, changes: Any, field: str) -> None:
        answer = create(clients, **changes)
        assert code_of(answer) == (422, "VALIDATION_FAILED")
        assert [error["field"] for error in answer.get_json(force=True)["errors"]] == [field]

    @pytest.mark.parametrize("email", ["用户@例子.广告", "zoë@müller.example", "o'neil+x@mail.example.com"])
    def test_addresses_of_any_script_are_taken(self, clients: FlaskClient, email: str) -> None:
        assert create(clients, email=email).status_code == 201
        assert search(clients, email)["found"] is True

    def test_a_name_that_is_too_long_is_answered_in_characters(self, clients: FlaskClient) -> None:
        [error] = create(clients, first_name="x" * 101).get_json(force=True)["errors"]
        assert error["message"] == "String should have at most 100 characters"

    @pytest.mark.parametrize(
        "name", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u200fدوید", "👩‍🚀", "Ō"]
    )
    def test_names_of_any_script_are_taken(self, clients: FlaskClient, name: str) -> None:
        assert create(clients, first_name=name).get_json()["first_name"] == name


class TestSearch:
    def test_client_is_found_however_the_address_is_spelled(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        assert search(clients, "jean@EXAMPLE.com") == {"found": True, "client": client}

    def test_nobody_is_found(self, clients: FlaskClient) -> None:
        assert search(clients, "jean@example.com") == {"found": False, "client": None}

    def test_address_is_needed(self, clients: FlaskClient) -> None:
        assert code_of(clients.get("/api/client/search")) == (422, "VALIDATION_FAILED")

    def test_clients_are_listed_youngest_first(self, clients: FlaskClient) -> None:
        for name in ("a", "b", "c"):
            create(clients, email=f"{name}@example.com")
        page = clients.get("/api/client/clients?limit=2").get_json()
        assert page["total"] == 3
        assert len(page["items"]) == 2


class TestUpdate:
    def change(self, clients: FlaskClient, client: Any, **fields: Any) -> TestResponse:
        return clients.patch(f"/api/client/clients/{client['client_id']}", json=fields)

    def test_named_fields_change_and_others_stay(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        changed = self.change(clients, client, first_name="Madeleine", phone=None)
        assert changed.get_json() == {**client, "first_name": "Madeleine", "phone": None}

    def test_new_address_is_found_and_the_old_one_free(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        self.change(clients, client, email="valjean@example.com")
        assert search(clients, "VALJEAN@example.com")["client"]["client_id"] == client["client_id"]
        assert create(clients).status_code == 201

    def test_address_of_another_client_is_refused(self, clients: FlaskClient) -> None:
        create(clients, email="cosette@example.com")
        client = create(clients).get_json()
        refused = self.change(clients, client, email="COSETTE@example.com")
        assert code_of(refused) == (409, "EMAIL_TAKEN")

    @pytest.mark.parametrize("fields", [{}, {"first_name": None}, {"first_name": ""}, {"email": None}])
    def test_change_must_say_what(self, clients: FlaskClient, fields: Any) -> None:
        assert code_of(self.change(clients, create(clients).get_json(), **fields))[0] == 422

    def test_unknown_client_is_not_found(self, clients: FlaskClient) -> None:
        nobody = {"client_id": "0b8f6d0e-5d43-4c1c-8a37-0f4f5f1f0c11"}
        assert code_of(self.change(clients, nobody, phone=None)) == (404, "NOT_FOUND")


class TestErase:
    def erase(self, clients: FlaskClient, client: Any) -> TestResponse:
        return clients.post(f"/api/client/clients/{client['client_id']}/erase")

    def test_personal_data_are_gone_and_the_id_stays(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        erased = self.erase(clients, client).get_json()
        assert erased["client_id"] == client["client_id"]
        assert (erased["first_name"], erased["last_name"]) == ("[erased]", "[erased]")
        assert (erased["email"], erased["phone"]) == (None, None)
        assert clients.get(f"/api/client/clients/{client['client_id']}").get_json() == erased

    def test_address_is_free_again(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        self.erase(clients, client)
        assert search(clients, "jean@example.com")["found"] is False
        assert create(clients).get_json()["client_id"] != client["client_id"]

    def test_two_may_be_erased(self, clients: FlaskClient) -> None:
        for email in ("a@example.com", "b@example.com"):
            assert self.erase(clients, create(clients, email=email).get_json()).status_code == 200

    def test_erasing_again_changes_nothing(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        first, second = self.erase(clients, client), self.erase(clients, client)
        assert (second.status_code, second.data) == (200, first.data)

    def test_erased_client_cannot_be_changed(self, clients: FlaskClient) -> None:
        client = create(clients).get_json()
        self.erase(clients, client)
        refused = clients.patch(f"/api/client/clients/{client['client_id']}", json={"phone": None})
        assert code_of(refused) == (409, "CLIENT_ERASED")

    def test_answers_kept_for_retries_are_erased_too(self, clients: FlaskClient) -> None:
        """Else a client that sends the old request again would get the name back."""
        client = create(clients, key="k").get_json()
        erased = self.erase(clients, client)
        again = create(clients, key="k")
        assert (again.status_code, again.data) == (201, erased.data)
        assert again.headers["Idempotent-Replay"] == "true"


def test_personal_data_are_never_logged(clients: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = create(clients, key="k").get_json()
    create(clients, email="not an address", first_name="Jean")
    search(clients, "jean@example.com")
    other = create(clients, email="cosette@example.com").get_json()
    clients.patch(f"/api/client/clients/{other['client_id']}", json={"email": "jean@example.com"})
    clients.post(f"/api/client/clients/{client['client_id']}/erase")

    written = str([vars(record) for record in caplog.records]).lower()
    assert "client created" in written
    for personal in ("valjean", "jean@", "cosette", "+33"):
        assert personal not in written
