"""The settings table of docs/services.md names what can be set, with its default."""

import importlib
import re
from pathlib import Path

import pytest
from hotel_services.kit.http.service import Service
from pydantic import SecretStr
from pydantic.fields import FieldInfo

PAGE = Path(__file__).parents[4] / "docs" / "services.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]+) \|", re.MULTILINE)
# Defaults that differ from service to service, or that are no value.
IN_WORDS = {"PORT", "DATABASE_URL", "SERVICE_TOKEN", "SEED_FILE", "HEALTH_HOST", "HEALTH_PORT"}


def told(field: FieldInfo) -> str:
    value = field.default
    assert not isinstance(value, SecretStr)
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", ["booking", "room", "restaurant", "client"])
def test_every_setting_is_in_the_table(name: str) -> None:
    service = importlib.import_module(f"hotel_services.{name}.service").SERVICE
    assert isinstance(service, Service)
    rows = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))
    for setting, field in service.settings.model_fields.items():
        variable = setting.upper()
        assert variable in rows
        if variable not in IN_WORDS:
            assert rows[variable].strip("` ") == told(field)
