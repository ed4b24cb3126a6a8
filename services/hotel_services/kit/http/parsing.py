"""From a request's bytes to validated models, or to a problem that names the fields."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from hotel_services.kit.http.idempotency import HEADER, KEY_PATTERN
from hotel_services.kit.http.problems import (
    CONTENT_TOO_LARGE,
    MALFORMED_JSON,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_FAILED,
    FieldError,
    Problem,
)

Model = TypeVar("Model", bound=BaseModel)
MAX_BODY_BYTES = 64 * 1024


def read_body(request: Request, model: type[Model]) -> Model:
    """Return the body as the model.

    Raises:
        Problem: UNSUPPORTED_MEDIA_TYPE, CONTENT_TOO_LARGE, MALFORMED_JSON or VALIDATION_FAILED.
    """
    if request.mimetype != "application/json":
        raise Problem(UNSUPPORTED_MEDIA_TYPE, "Send the body with Content-Type: application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        accepted = {"Accept-Encoding": "identity"}
        raise Problem(
            UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without Content-Encoding", headers=accepted
        )
    content = request.get_data(cache=False)
    if len(content) > MAX_BODY_BYTES:
        raise Problem(CONTENT_TOO_LARGE, f"Send at most {MAX_BODY_BYTES} bytes")
    if content.startswith(codecs.BOM_UTF8):
        raise Problem(MALFORMED_JSON, "Send UTF-8 without a byte order mark")
    try:
        found = model.model_validate_json(content)
    except ValidationError as error:
        raise _rejected(error) from None
    # Which of two values counts differs from one program to the next.
    json.loads(content, object_pairs_hook=_refuse_twins)
    return found


def _refuse_twins(pairs: list[tuple[str, Any]]) -> None:
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise _invalid(FieldError(field=name, message="Given more than once"))


def read_query(request: Request, model: type[Model]) -> Model:
    """Return the query parameters as the model; one that is given twice is refused.

    Raises:
        Problem: VALIDATION_FAILED.
    """
    values: dict[str, str] = {}
    for name, given in request.args.lists():
        if len(given) > 1:
            raise _invalid(FieldError(field=name, message="Given more than once"))
        values[name] = given[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _rejected(error) from None


def read_path(values: Mapping[str, str], adapters: Mapping[str, TypeAdapter[Any]]) -> dict[str, Any]:
    """Return the path's parameters.

    Raises:
        Problem: NOT_FOUND, if one has no form that an id could have.
    """
    try:
        return {name: adapter.validate_python(values[name]) for name, adapter in adapters.items()}
    except ValidationError:
        raise Problem(NOT_FOUND, "Nothing has an id of this form") from None


def read_idempotency_key(request: Request) -> str | None:
    """Return the Idempotency-Key, if there is one.

    Raises:
        Problem: VALIDATION_FAILED.
    """
    key = request.headers.get(HEADER)
    if key is not None and re.fullmatch(KEY_PATTERN, key) is None:
        raise _invalid(FieldError(field=HEADER, message="Use 1 to 200 visible ASCII characters"))
    return key


def _rejected(error: ValidationError) -> Problem:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return Problem(MALFORMED_JSON, details[0]["msg"])
    return _invalid(
        *(
            FieldError(field=".".join(map(str, item["loc"])) or "body", message=item["msg"])
            for item in details
        )
    )


def _invalid(*errors: FieldError) -> Problem:
    # What was sent is never shown again: it may be somebody's personal data.
    names = ", ".join(dict.fromkeys(error.field for error in errors))
    return Problem(VALIDATION_FAILED, f"Check {names[:200]}", errors=errors[:50])
