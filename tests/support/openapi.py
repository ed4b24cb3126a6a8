"""The engine's own description of its REST API, and requests checked against it."""

import fcntl
import json
import re
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / ".cache" / "openapi"
_NAME, _VERSION = "camunda-engine-rest-openapi", "7.24.0"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


def engine_openapi() -> dict[str, Any]:
    """Return the document, fetched by Maven the first time."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    jar = _CACHE / f"{_NAME}-{_VERSION}.jar"
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jar.exists():
            artifact = f"-Dartifact=org.camunda.bpm:{_NAME}:{_VERSION}"
            line = ["mvn", "--quiet", "--batch-mode", _COPY, artifact, f"-DoutputDirectory={_CACHE}"]
            subprocess.run(line, check=True, cwd=_ROOT, timeout=280)
    with zipfile.ZipFile(jar) as archive:
        return dict(json.loads(archive.read("openapi.json")))


class Surface:
    """Every path, method, parameter and body that the engine describes."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = document["paths"]
        self._schemas = {
            name: self._closed(schema, document) for name, schema in document["components"]["schemas"].items()
        }

    def problems(self, method: str, target: str, body: bytes) -> list[str]:
        """Say what is wrong with a request; empty if the engine describes it so."""
        parts = urlsplit(target)
        for template, operations in self._paths.items():
            pattern = re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(template))
            if method.lower() in operations and re.fullmatch(pattern, parts.path):
                operation = operations[method.lower()]
                return self._query_problems(operation, parts.query) + self._body_problems(operation, body)
        return [f"{method} {parts.path} is not described"]

    def _query_problems(self, operation: Mapping[str, Any], query: str) -> list[str]:
        known = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "query"}
        given = parse_qs(query, keep_blank_values=True)
        problems = [f"the parameter {name} is not described" for name in given if name not in known]
        for name, values in given.items():
            kind = known.get(name, {}).get("schema", {}).get("type")
            if kind == "integer" and not values[0].isdigit():
                problems.append(f"the parameter {name} must be a whole number")
            if kind == "boolean" and values[0] not in {"true", "false"}:
                problems.append(f"the parameter {name} must be true or false")
        return problems

    def _body_problems(self, operation: Mapping[str, Any], body: bytes) -> list[str]:
        content = operation.get("requestBody", {}).get("content", {})
        if not body:
            return []
        if "application/json" not in content:
            return [] if "multipart/form-data" in content else ["no body is described"]
        schema = {
            **_nullable(content["application/json"]["schema"]),
            "components": {"schemas": self._schemas},
        }
        validator = jsonschema.Draft202012Validator(schema)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(body))]

    def _closed(self, schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
        """Return a schema that refuses properties which the engine does not describe."""
        properties = _properties(schema, document["components"]["schemas"])
        closed = {key: value for key, value in schema.items() if key != "allOf"}
        if properties and "additionalProperties" not in schema:
            closed |= {"type": "object", "properties": properties, "additionalProperties": False}
        return _nullable(closed)


def _properties(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        name = part.get("$ref", "").rpartition("/")[2]
        found |= _properties(schemas[name] if name else part, schemas)
    return found


def _nullable(schema: Any) -> Any:
    """Write OpenAPI 3.0's `nullable` as JSON Schema does."""
    if isinstance(schema, list):
        return [_nullable(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain = {key: _nullable(value) for key, value in schema.items() if key not in {"nullable", "example"}}
    return {"anyOf": [{"type": "null"}, plain]} if schema.get("nullable") is True else plain
