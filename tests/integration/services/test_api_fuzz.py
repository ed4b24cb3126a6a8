"""The four OpenAPI documents against the services that serve them: what they say is what happens."""

import datetime as dt
import itertools
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, TypeGuard

import pytest
import schemathesis
from hotel_services.booking.service import SERVICE as BOOKING
from hotel_services.client.service import SERVICE as CLIENT
from hotel_services.kit.http.fields import UUID_PATTERN
from hotel_services.kit.http.idempotency import HEADER, KEY_PATTERN
from hotel_services.kit.http.openapi import describe
from hotel_services.kit.http.service import AnyService
from hotel_services.restaurant.service import SERVICE as RESTAURANT
from hotel_services.room.service import SERVICE as ROOM
from hypothesis import strategies as st
from schemathesis import Case
from support.postgresql import new_database
from support.services import running_service

SERVICES: Mapping[str, AnyService] = {
    service.name: service for service in (BOOKING, ROOM, RESTAURANT, CLIENT)
}
CONFIG = {
    "seed": 4,
    "generation": {"max-examples": 30, "deterministic": True, "no-shrink": True},
    # An address may be too long before it is anything else.
    "checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 404, 409, 414, 415, 422, 431]}},
}
FEW = {"reservation_ref": ["R-1", "R-2", "R-3", "R-4", "R-5"], "room_id": ["101", "102", "103"]}


# Rules that a schema cannot state are named by a format; these are examples.
EMAILS = st.builds(
    "{}@{}".format,
    st.text("abcdefghijklmnopqrstuvwxyz0123456789+äßé用", min_size=1, max_size=60),
    st.sampled_from(["example.com", "Straße.example", "例子.广告", "mail.example.org"]),
)
PHONES = st.from_regex(r"\A(\+33 [1-9]( [0-9]{2}){4}|\([0-9]{3}\) [0-9]{3}-[0-9]{4})\Z")
schemathesis.openapi.format("idn-email", EMAILS)
schemathesis.openapi.format("phone", PHONES)


def document(service: AnyService) -> schemathesis.BaseSchema:
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_dict(describe(service), config=config)


@pytest.fixture(scope="module")
def urls(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The addresses of all four services, on the database that takes offence at more."""
    with ExitStack() as stack:
        folders = {name: tmp_path_factory.mktemp(name) for name in SERVICES}
        yield {
            name: stack.enter_context(running_service(name, new_database(postgresql), folder)).url
            for name, folder in folders.items()
        }


class Acquaintance:
    """Lets requests meet what others left and be about stays that exist: random values hardly ever are.

    Only values of a valid form are replaced, so that a request that ought to be refused still is.
    """

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._keys = itertools.count()

    def introduce(self, case: Case[Any]) -> None:
        if re.fullmatch(KEY_PATTERN, str(case.headers.get(HEADER, ""))):
            # A key that another request had is refused, rightly; a schema cannot tell so.
            case.headers[HEADER] = f"key-{next(self._keys)}"
        for name, value in case.path_parameters.items():
            if name in self._ids and re.fullmatch(UUID_PATTERN, str(value)):
                case.path_parameters[name] = self._ids[name]
        for values in (case.query, case.body):
            if isinstance(values, dict):
                _order_dates(values)
        if isinstance(case.body, dict):
            _use_few(case.body)

    def remember(self, answer: Mapping[str, Any]) -> None:
        self._ids.update({name: value for name, value in answer.items() if name.endswith("_id")})


def _order_dates(values: dict[str, Any]) -> None:
    """Let a stay end after it begins: a rule between two fields, which a schema cannot state."""
    for begin, end in (("check_in", "check_out"), ("from", "to")):
        begins, ends = values.get(begin), values.get(end)
        if _is_date(begins) and _is_date(ends):
            values[begin] = f"2027-03-{_digest(begins) % 28 + 1:02}"
            values[end] = f"2027-04-{_digest(ends) % 28 + 1:02}"


def _use_few(body: dict[str, Any]) -> None:
    for name, few in FEW.items():
        value = body.get(name)
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,32}", value):
            body[name] = few[_digest(value) % len(few)]


def _is_date(value: object) -> TypeGuard[str]:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


def _digest(value: str) -> int:
    return zlib.crc32(value.encode())


@pytest.fixture(scope="module")
def acquaintance() -> Acquaintance:
    return Acquaintance()


@schemathesis.pytest.parametrize(**{name: document(service) for name, service in SERVICES.items()})
def test_requests_of_all_kinds_are_answered_as_documented(
    case: Case[Any], urls: Mapping[str, str], acquaintance: Acquaintance
) -> None:
    """No 5xx, no undocumented status or body, no valid request refused, no invalid one accepted."""
    acquaintance.introduce(case)

    response = case.call(base_url=urls[case.path.split("/")[2]])

    case.validate_response(response)
    if response.status_code < 300:
        acquaintance.remember(response.json())
