from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

TOKEN = "a-token-of-the-test"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong-token"},
        {"Authorization": f"bearer{TOKEN}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN} "[:-2]},
        {"Authorization": "Bearer ä"},
    ],
)
def test_request_without_the_token_is_refused(
    open_things: Callable[..., FlaskClient], headers: dict[str, str]
) -> None:
    things = open_things(service_token=TOKEN)
    response = things.get("/api/thing/things", headers=headers)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert response.get_json(force=True)["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_request_with_the_token_is_let_in(open_things: Callable[..., FlaskClient], scheme: str) -> None:
    things = open_things(service_token=TOKEN)
    response = things.get("/api/thing/things", headers={"Authorization": f"{scheme} {TOKEN}"})
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json", "/docs"])
def test_paths_for_machines_ask_for_no_token(open_things: Callable[..., FlaskClient], path: str) -> None:
    assert open_things(service_token=TOKEN).get(path).status_code == 200


def test_refused_request_learns_nothing_of_what_exists(open_things: Callable[..., FlaskClient]) -> None:
    things = open_things(service_token=TOKEN)
    assert things.get("/api/thing/nowhere").status_code == things.post("/api/thing/things").status_code == 401
