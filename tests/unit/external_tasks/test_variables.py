import contextlib
import json
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

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


def contains_itself() -> list[object]:
    values: list[object] = []
    values.append(values)
    return values


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (object(), "object has no form"),
        ({1, 2}, "set has no form"),
        (2**63, "does not fit"),
        (float("nan"), "infinite or not a number"),
        (datetime(2026, 1, 1), "time zone"),  # noqa: DTZ001 - the missing zone is the point
        ("x" * 4001, "4000 characters"),
        ("a\x00b", "NUL"),
        ("\ud800", "surrogate"),
        ({"a": object()}, "object has no form inside"),
        ([float("inf")], "infinite or not a number"),
        (contains_itself(), "contains itself"),
        ({(1, 2): 3}, "keys of a dict"),
        ({"a": [{1, 2}]}, "set has no form inside"),
        ({"a": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - as above
        ("😀" * 2001, "an emoji counts twice, and this has 4002"),
        (Typed("x" * 4001, "String"), "4000 characters"),
        (Typed("x" * 4001, "string"), "4000 characters"),
        (Typed("\ud800", "Xml"), "surrogate"),
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


class NoOffset(tzinfo):
    """A time zone that knows no offset."""

    def utcoffset(self, _: datetime | None) -> None:
        """Know none."""

    dst = tzname = utcoffset


def test_an_offset_with_seconds_moves_no_moment() -> None:
    berlin = datetime(1880, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))

    assert berlin.utcoffset() == timedelta(minutes=53, seconds=28)
    assert encode({"v": berlin}) == {"v": {"value": "1879-12-31T23:06:32.000+0000", "type": "Date"}}
    assert decode(encode({"v": berlin}))["v"] == berlin


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"a": value}], ids=["plain", "inside"])
def test_a_time_zone_without_an_offset_is_none(wrap: Any) -> None:
    with pytest.raises(VariableError, match="variable 'v': a datetime needs a time zone"):
        encode({"v": wrap(datetime(2026, 1, 2, tzinfo=NoOffset()))})


@pytest.mark.parametrize("name", ["", 7, "a\x00b"])
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
    with pytest.raises(VariableError, match=f"'v' cannot be read as {kind}"):
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


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (UUID("12345678-1234-5678-1234-567812345678"), "12345678-1234-5678-1234-567812345678"),
        (date(2026, 11, 23), "2026-11-23"),
        (time(17, 4), "17:04:00"),
        (datetime(2026, 11, 23, 17, 4, tzinfo=UTC), "2026-11-23T17:04:00+00:00"),
        (Decimal("12.50"), "12.50"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (MappingProxyType({"b": 1}), {"b": 1}),
    ],
)
def test_inside_a_dict_each_type_has_one_form(value: Any, written: Any) -> None:
    encoded = encode({"v": {"a": [value]}})["v"]

    assert encoded["type"] == "Json"
    assert json.loads(encoded["value"]) == {"a": [written]}


def test_a_decimal_keeps_its_digits() -> None:
    assert encode({"v": Decimal("12.50")}) == {"v": {"value": "12.50", "type": "String"}}


@pytest.mark.parametrize("text", ["😀" * 2000, "x" * 4000, "é" * 4000])
def test_the_longest_text_is_a_string(text: str) -> None:
    assert encode({"v": text})["v"]["value"] == text


def test_a_files_encoding_goes_both_ways() -> None:
    info = {"filename": "a.txt", "mimeType": "text/plain", "encoding": "UTF-8"}
    file = File("a.txt", b"x", "text/plain", "UTF-8")

    assert encode({"v": file})["v"]["valueInfo"] == info
    assert decode({"v": {"type": "File", "valueInfo": info}}) == {
        "v": File("a.txt", None, "text/plain", "UTF-8")
    }


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Date", "zoe@example.com"),
        ("Date", "+10000-01-01T00:00:00.000+0000"),
        ("Json", "[" * 100_000),
        ("Json", '{"zoe": '),
        ("Bytes", "zoe@example.com"),
        ("Double", "zoe"),
        ("Object", None),
        (["a"], 1),
    ],
)
def test_a_value_in_no_form_is_an_error_without_the_value_or_is_left_as_it_is(kind: Any, value: Any) -> None:
    with contextlib.suppress(VariableError):
        decode({"v": {"type": kind, "value": value}})
        return
    with pytest.raises(VariableError, match="'v'") as caught:
        decode({"v": {"type": kind, "value": value}})
    assert "zoe" not in str(caught.value)


def untyped(kind: Any) -> Any:
    """Return a class without its types: wrong arguments are the point."""
    return kind


@pytest.mark.parametrize(
    "make",
    [
        lambda: untyped(File)(None),
        lambda: untyped(File)("a", "text"),
        lambda: untyped(File)("a", b"", ""),
        lambda: untyped(File)("a", b"", encoding=""),
        lambda: untyped(Typed)(1, ""),
        lambda: untyped(Typed)(1, None),
        lambda: untyped(Typed)(1, "Long", ["a"]),
    ],
)
def test_values_are_checked_where_they_are_made(make: Any) -> None:
    with pytest.raises(ValueError, match=" must "):
        make()
