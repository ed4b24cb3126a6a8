"""The OpenAPI 3.1 document, made from the operations so that it cannot differ from what is served."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from hotel_services.kit.http import idempotency, problems
from hotel_services.kit.http.operations import NoQuery, Operation
from hotel_services.kit.http.problems import ProblemKind, ProblemView
from hotel_services.kit.http.service import AnyService

Schema = dict[str, Any]
_REF = "#/components/schemas/{model}"
_ALWAYS = (
    problems.BAD_REQUEST,
    problems.UNAUTHORIZED,
    problems.REQUEST_TIMEOUT,
    problems.URI_TOO_LONG,
    problems.VALIDATION_FAILED,
    problems.HEADERS_TOO_LARGE,
    problems.DATABASE_UNAVAILABLE,
)
_WITH_BODY = (
    problems.MALFORMED_JSON,
    problems.CONTENT_TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
)
_WITH_KEY = (problems.IDEMPOTENCY_KEY_REUSED,)


def describe(service: AnyService) -> Schema:
    """Return the document."""
    operations = service.api.operations
    refs, definitions = _schemas(operations)
    paths: dict[str, Schema] = defaultdict(dict)
    for operation in operations:
        paths[operation.path][operation.method.lower()] = _operation(service, operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": service.title,
            "version": version("hotel"),
            "description": service.description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(paths),
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def problem_kinds(operation: Operation) -> tuple[ProblemKind, ...]:
    """Return every problem that the operation may answer with."""
    return (
        *_ALWAYS,
        *(_WITH_BODY if operation.body else ()),
        *(_WITH_KEY if operation.idempotent_by_key else ()),
        *((problems.NOT_FOUND,) if operation.path_parameters else ()),
        *operation.problems,
    )


Refs = dict[tuple[type[BaseModel], JsonSchemaMode], Schema]


def _schemas(operations: Iterable[Operation]) -> tuple[Refs, Schema]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemView, "serialization"): None}
    for operation in operations:
        if operation.body:
            wanted[operation.body, "validation"] = None
        wanted.update({(model, "serialization"): None for model in operation.answers.values()})
    refs, document = models_json_schema(list(wanted), ref_template=_REF)
    return {key: refs[key] for key in wanted}, document["$defs"]


def _operation(service: AnyService, operation: Operation, refs: Refs) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "tags": [service.name],
        "summary": operation.summary,
        "parameters": [*_path(operation), *_query(operation), *_headers(operation)],
        "responses": {**_answers(operation, refs), **_problems(operation, refs)},
        # A service that was started without a token asks for none.
        "security": [{"token": []}, {}],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body:
        content = {"application/json": {"schema": refs[operation.body, "validation"]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _path(operation: Operation) -> Iterable[Schema]:
    for name, adapter in operation.path_parameters.items():
        yield {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}


def _query(operation: Operation) -> Iterable[Schema]:
    if operation.query is NoQuery:
        return
    schema = operation.query.model_json_schema(mode="validation")
    for name, described in schema["properties"].items():
        plain = _inlined(_without_null(described), schema.get("$defs", {}))
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": plain.pop("description", ""),
            "schema": plain,
        }


def _without_null(schema: Schema) -> Schema:
    """Return the schema of a parameter that is left out rather than sent as null."""
    plain = {name: value for name, value in schema.items() if name not in {"anyOf", "default", "title"}}
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            plain.update(choice)
    if schema.get("default") is not None:
        plain["default"] = schema["default"]
    return plain


def _inlined(schema: Schema, definitions: Schema) -> Schema:
    """Return the schema with what it refers to in its place: parameters are outside of the definitions."""
    if "$ref" not in schema:
        return schema
    definition = definitions[schema["$ref"].rpartition("/")[2]]
    rest = {name: value for name, value in schema.items() if name != "$ref"}
    return {name: value for name, value in {**definition, **rest}.items() if name != "title"}


def _headers(operation: Operation) -> Iterable[Schema]:
    if operation.idempotent_by_key:
        yield {
            "name": idempotency.HEADER,
            "in": "header",
            "required": False,
            "description": "The same key and body get the same answer and have one effect",
            "schema": {"type": "string", "pattern": idempotency.KEY_PATTERN},
        }


def _answers(operation: Operation, refs: Refs) -> Schema:
    return {
        str(int(status)): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": refs[model, "serialization"]}},
        }
        for status, model in operation.answers.items()
    }


def _problems(operation: Operation, refs: Refs) -> Schema:
    by_status: dict[int, list[ProblemKind]] = defaultdict(list)
    for kind in problem_kinds(operation):
        by_status[kind.status].append(kind)
    return {str(int(status)): _problem(kinds, refs) for status, kinds in sorted(by_status.items())}


def _problem(kinds: Sequence[ProblemKind], refs: Refs) -> Schema:
    codes = {"type": "object", "properties": {"code": {"enum": sorted({kind.code for kind in kinds})}}}
    schema = {"allOf": [refs[ProblemView, "serialization"], codes]}
    return {
        "description": "; ".join(dict.fromkeys(f"{kind.code}: {kind.title}" for kind in kinds)),
        "content": {problems.MEDIA_TYPE: {"schema": schema}},
    }
