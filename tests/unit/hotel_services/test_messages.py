"""Messages about a wrong value are words."""

import importlib
import re

import pytest
from hotel_services.kit.http.service import Service
from pydantic import BaseModel


def request_models(name: str) -> set[type[BaseModel]]:
    service = importlib.import_module(f"hotel_services.{name}.service").SERVICE
    assert isinstance(service, Service)
    operations = service.api.operations
    return {model for operation in operations for model in (operation.body, operation.query) if model}


@pytest.mark.parametrize("name", ["booking", "room", "restaurant", "client"])
def test_no_field_answers_with_its_regular_expression(name: str) -> None:
    """Pydantic's own check of a pattern would show the pattern."""
    models = request_models(name)
    assert len(models) > 2
    for model in models:
        found = re.search(r"'type': 'str'[^{}]*'pattern'", str(model.__pydantic_core_schema__))
        assert found is None, (model, found)
