"""What the pages say of the chart's values: each value that they name is one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts/hotel"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
# autoscaling.md names fields of a scaler in the same form.
PAGES = [page for page in ROOT.glob("docs/*.md") if page.name != "autoscaling.md"] + [CHART / "README.md.in"]
NAME = re.compile(r"(?:`|--set |,)([a-z]\w*(?:\.\w+)+)(?==|`)")


def named_values() -> list[tuple[str, str]]:
    return sorted(
        {
            (page.name, name)
            for page in PAGES
            for name in NAME.findall(page.read_text())
            if name.split(".")[0] in VALUES
        }
    )


def known(schema: dict[str, Any], path: list[str]) -> bool:
    """Tell whether a schema allows a value at a path."""
    if "$ref" in schema:
        target: Any = SCHEMA
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return known(target, path)
    if not path:
        return True
    properties = schema.get("properties", {})
    if path[0] in properties:
        return known(properties[path[0]], path[1:])
    further = schema.get("additionalProperties", True)
    if any(known(each, path) for each in (*schema.get("allOf", ()), *schema.get("anyOf", ()))):
        return True
    return known(further, path[1:]) if isinstance(further, dict) else bool(further)


def test_the_pages_name_values() -> None:
    assert len(named_values()) > 20


@pytest.mark.parametrize(("page", "name"), named_values())
def test_a_value_that_a_page_names_is_one(page: str, name: str) -> None:
    assert known(SCHEMA, name.split(".")), f"{page} names {name}, which values.schema.json does not know"
