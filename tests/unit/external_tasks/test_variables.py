import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from external_tasks import File, Typed, VariableError, decode, encode
from hypothesis import given
from hypothesis import strategies as st


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "kind", "sent"),
    [
        ("Zoë", "String", "Zoë"),
        (Colour.RED, "String", "red"),
        (Level.HIGH, "Integer", 3),
        (True, "Boolean", True),
        (-(2**31), "Integer", -(2**31)),
        (2**31, "Long", 2**31),
        (-(2**63), "Long", -(2**63)),
        (1.5, "Double", 1.5),
        (None, "Null", None),
        (date(2026, 3, 4), "String", "2026-03-04"),
        (time(19, 30), "String", "19:30:00"),
        (UUID(int=7), "String", "00000000-0000-0000-0000-000000000007"),
        ({"a": [1, "ä"]}, "Json", '{"a":[1,"ä"]}'),
        (("x", None), "Json", '["x",null]'),
        (MappingProxyType({"a": 1}), "Json", '{"a":1}'),
        (b"abc", "Bytes", "YWJj"),
        (Typed(7, "Long"), "Long", 7),
        (Typed("<a/>", "Xml"), "Xml", "<a/>"),
        (Typed(b"abc", "Bytes"), "Bytes", "YWJj"),
    ],
)
def test_values_are_sent_with_the_engines_type(value: Any, kind: str, sent: Any) -> None:
    assert encode({"v": value}) == {"v": {"value": sent, "type": kind}}


def test_a_datetime_is_sent_with_milliseconds_and_offset() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678999, tzinfo=timezone(-timedelta(hours=3, minutes=30)))

    assert encode({"v": moment}) == {"v": {"value": "2026-01-02T03:04:05.678-0330", "type": "Date"}}


def test_a_file_is_sent_with_its_name_and_type() -> None:
    assert encode({"v": File("bill.pdf", b"%PDF", "application/pdf")}) == {
        "v": {
            "value": "JVBERg==",
            "type": "File",
            "valueInfo": {"filename": "bill.pdf", "mimeType": "application/pdf"},
        }
    }


def test_a_forced_object_is_sent_with_its_information() -> None:
    info = {"objectTypeName": "java.util.ArrayList", "serializationDataFormat": "application/json"}

    assert encode({"v": Typed([1], "Object", info)}) == {
        "v": {"value": "[1]", "type": "Object", "valueInfo": info}
    }


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (object(), "object has no form"),
        ({1, 2}, "set has no form"),
        (2**63, "does not fit"),
        (float("nan"), "nan has no form"),
        (datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001 - the missing zone is the point
        ("x" * 4001, "4000 characters"),
        ("a\x00b", "NUL"),
        ("\ud800", "surrogates"),
        ({"a": object()}, "not JSON serializable"),
        ([float("inf")], "Out of range"),
        (File("a"), "content"),
    ],
)
def test_a_value_without_a_form_is_refused_by_its_variables_name(value: Any, complaint: str) -> None:
    with pytest.raises(VariableError, match=f"variable 'price': .*{complaint}"):
        encode({"price": value})


def test_a_structure_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(VariableError, match="loop"):
        encode({"loop": loop})


@pytest.mark.parametrize("name", ["", 7])
def test_a_name_must_be_a_text(name: Any) -> None:
    with pytest.raises(VariableError, match="name"):
        encode({name: 1})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ({"type": "Json", "value": '{"a":1}'}, {"a": 1}),
        ({"type": "Json", "value": None}, None),
        ({"type": "Null", "value": None}, None),
        ({"type": "Double", "value": 2}, 2.0),
        ({"type": "Long", "value": 2**40}, 2**40),
        ({"type": "Short", "value": 3}, 3),
        ({"type": "Xml", "value": "<a/>"}, "<a/>"),
        ({"value": "untyped"}, "untyped"),
        (
            {"type": "Object", "value": "[1]", "valueInfo": {"serializationDataFormat": "application/json"}},
            [1],
        ),
        (
            {"type": "Object", "value": "rO0AB", "valueInfo": {"serializationDataFormat": "application/x"}},
            "rO0AB",
        ),
        (
            {"type": "Date", "value": "2026-01-02T03:04:05.678+0200"},
            datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone(timedelta(hours=2))),
        ),
        (
            {"type": "File", "value": None, "valueInfo": {"filename": "a.txt", "mimeType": "text/plain"}},
            File("a.txt", None, "text/plain"),
        ),
        ({"type": "File", "value": None}, File("")),
    ],
)
def test_the_engines_types_are_read_as_python_values(variable: dict[str, Any], value: Any) -> None:
    decoded = decode({"v": variable})["v"]

    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("kind", "value"), [("Json", "{bad"), ("Date", "today"), ("Bytes", "%"), ("Double", [])]
)
def test_a_value_that_is_not_what_its_type_says_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(VariableError, match=f"'v' is no valid {kind}"):
        decode({"v": {"type": kind, "value": value}})


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


@given(
    st.one_of(
        texts,
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.none(),
        st.binary(max_size=50),
        st.lists(json_values, max_size=4),
        st.dictionaries(texts, json_values, max_size=4),
    )
)
def test_what_is_sent_comes_back(value: Any) -> None:
    sent = json.loads(json.dumps(encode({"v": value})))

    assert decode(sent) == {"v": value}


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_datetime_comes_back_to_the_millisecond(moment: datetime) -> None:
    back = decode(encode({"v": moment}))["v"]

    assert back == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
