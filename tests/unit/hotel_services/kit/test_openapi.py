import re

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.http.fields import RequestModel
from hotel_services.kit.http.operations import Api


def test_document_describes_what_is_served(things: FlaskClient) -> None:
    document = things.get("/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    make = document["paths"]["/api/thing/make"]["post"]
    success = {"201"}
    error_handlers = {"400", "401", "408", "409", "413", "414", "415", "422", "431"}
    assert set(make["responses"]) == success | error_handlers | {"503"}
    assert make["requestBody"]["required"] is True
    assert [parameter["name"] for parameter in make["parameters"]] == ["Idempotency-Key"]


def test_problems_of_a_status_are_listed_by_code(things: FlaskClient) -> None:
    document = things.get("/openapi.json").json
    assert document is not None
    answer = document["paths"]["/api/thing/make"]["post"]["responses"]["422"]
    schema = answer["content"]["application/problem+json"]["schema"]
    codes = ["IDEMPOTENCY_KEY_REUSED", "VALIDATION_FAILED"]
    assert schema["allOf"][1]["properties"]["code"] == {"enum": codes}


def test_limits_and_unknown_fields_are_stated(things: FlaskClient) -> None:
    document = things.get("/openapi.json").json
    assert document is not None
    thing = document["components"]["schemas"]["Thing"]
    assert thing["additionalProperties"] is False
    assert (thing["properties"]["guests"]["minimum"], thing["properties"]["guests"]["maximum"]) == (1, 20)
    parameters = document["paths"]["/api/thing/things"]["get"]["parameters"]
    [limit] = [parameter for parameter in parameters if parameter["name"] == "limit"]
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}


def test_page_needs_nothing_from_elsewhere(things: FlaskClient) -> None:
    page = things.get("/docs")
    assert page.mimetype == "text/html"
    assert re.findall(r'(?:src|href)="(?!#|/openapi\.json)[^"]*"', page.text) == []
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_every_problem_type_leads_to_its_paragraph(things: FlaskClient) -> None:
    kind = things.get("/nowhere").get_json(force=True)["type"]
    path, _, anchor = kind.partition("#")
    assert f'id="{anchor}"' in things.get(path).text


def test_handler_that_asks_for_what_no_request_has_is_refused_at_once() -> None:
    def handler(colour: str) -> RequestModel:
        raise AssertionError(colour)

    with pytest.raises(TypeError, match="colour"):
        Api("/api").get("/x", answers=RequestModel)(handler)
