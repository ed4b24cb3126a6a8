"""What is derived from other files is up to date."""

import json
import subprocess
import sys
from typing import Any

import yaml
from support.charts import HOTEL, REPOSITORY, SCALER


def test_readmes_and_crd_are_as_the_generator_writes_them() -> None:
    generator = REPOSITORY / "charts/generate.py"
    done = subprocess.run(
        [sys.executable, generator, "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_value_is_described() -> None:
    for chart in (HOTEL, SCALER):
        readme = (chart / "README.md").read_text()
        for path in leaves(yaml.safe_load((chart / "values.yaml").read_text())):
            parents = [".".join(path[:length]) for length in range(1, len(path) + 1)]
            assert any(f"| `{parent}` |" in readme for parent in parents), ".".join(path)


def test_the_schema_knows_every_value() -> None:
    """Helm refuses a value that the schema does not name; here the schema names no more than there is."""
    for chart in (HOTEL, SCALER):
        schema = json.loads((chart / "values.schema.json").read_text())
        current = {name for name, value in schema["properties"].items() if not value.get("deprecated")}
        values = yaml.safe_load((chart / "values.yaml").read_text())
        assert schema["additionalProperties"] is False
        assert current - {"global", "enabled"} == values.keys() - {"global", "enabled"}


def leaves(values: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(values, dict) and values:
        return [leaf for key, value in values.items() for leaf in leaves(value, (*path, key))]
    return [path]
