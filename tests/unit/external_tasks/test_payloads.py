"""Parameters that are annotated with dataclasses and pydantic's models."""

import subprocess
import sys
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypeVar
from uuid import UUID

import pydantic
import pytest
from external_tasks import (
    AllVariables,
    Complete,
    Failure,
    File,
    RegistrationError,
    Task,
    TaskRouter,
    Typed,
    VariableError,
    decode,
    encode,
)
from external_tasks.testing import FakeEngine, run_task
from external_tasks.worker import Worker

ID = UUID("12345678-1234-5678-1234-567812345678")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Line:
    article: str
    quantity: int = 1


@dataclass
class Order:
    """Everything that a dataclass may hold."""

    id: UUID
    total: Decimal
    on: date
    at: time
    made: datetime
    colour: Colour
    lines: list[Line]
    weight: float
    paid: bool
    size: Literal["S", "M"] = "M"
    note: str | None = None
    pair: tuple[int, str] = (1, "a")
    rest: dict[str, Line] = field(default_factory=dict)
    anything: Any = None


class LineModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)

    article: str
    quantity: int = 1


class OrderModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)

    id: UUID
    total: Decimal
    on: date
    at: time
    made: datetime
    colour: Colour
    lines: list[LineModel]
    weight: float
    paid: bool
    size: Literal["S", "M"] = "M"
    note: str | None = None
    pair: tuple[int, str] = (1, "a")
    rest: dict[str, LineModel] = {}
    anything: Any = None


FIELDS: dict[str, Any] = {
    "id": ID,
    "total": Decimal("12.50"),
    "on": date(2031, 5, 1),
    "at": time(12, 30),
    "made": datetime(2031, 5, 1, 12, 30, 0, 1000, tzinfo=UTC),
    "colour": Colour.RED,
    "weight": 1.5,
    "paid": True,
    "rest": {},
}
ORDER = Order(**FIELDS, lines=[Line("tea", 2), Line("cup")])
MODEL = OrderModel(**FIELDS, lines=[LineModel(article="tea", quantity=2), LineModel(article="cup")])


def take_order(order: Order) -> dict[str, Any]:
    assert isinstance(order, Order)
    return {"back": order}


def take_model(order: OrderModel) -> dict[str, Any]:
    assert isinstance(order, OrderModel)
    return {"back": order}


async def take_model_async(order: OrderModel) -> dict[str, Any]:
    return take_model(order)


@pytest.mark.parametrize("handler", [take_order, take_model, take_model_async])
@pytest.mark.parametrize("order", [ORDER, MODEL])
def test_an_object_goes_to_the_engine_and_comes_back_the_same(handler: Any, order: Any) -> None:
    """Whichever of the two wrote it, and whichever reads it: there is one form."""
    outcome = run_task(handler, {"order": order})

    assert isinstance(outcome, Complete)
    assert outcome.variables["back"] == {
        "id": str(ID),
        "total": "12.50",
        "on": "2031-05-01",
        "at": "12:30:00",
        "made": "2031-05-01T12:30:00.001000+00:00",
        "colour": "red",
        "lines": [{"article": "tea", "quantity": 2}, {"article": "cup", "quantity": 1}],
        "weight": 1.5,
        "paid": True,
        "size": "M",
        "note": None,
        "pair": [1, "a"],
        "rest": {},
        "anything": None,
    }
    assert encode({"order": order})["order"]["type"] == "Json"


@pytest.mark.parametrize("order", [ORDER, MODEL])
def test_what_a_handler_reads_is_what_was_written(order: Any) -> None:
    read: list[Any] = []
    kind = type(order)

    def handle(order: Any) -> None:
        read.append(order)

    handle.__annotations__["order"] = kind
    run_task(handle, {"order": order})

    assert read == [order]


def order_json(**changes: Any) -> dict[str, Any]:
    written: dict[str, Any] = decode(encode({"order": ORDER}))["order"]
    return written | changes


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"id": "secret"}, "id", "the text of a UUID is needed"),
        ({"id": 4}, "id", "UUID is needed, not a whole number"),
        ({"total": "secret"}, "total", "the text of a Decimal is needed"),
        ({"on": "secret"}, "on", "the text of a date is needed"),
        ({"made": 4}, "made", "datetime is needed, not a whole number"),
        ({"colour": "secret"}, "colour", "must be 'red' or 'blue'"),
        ({"lines": "secret"}, "lines", "a list is needed, not a text"),
        (
            {"lines": [{"article": "tea"}, {"article": 7}]},
            "lines.1.article",
            "a text is needed, not a whole number",
        ),
        ({"lines": [{}]}, "lines.0.article", "is missing"),
        ({"lines": ["secret"]}, "lines.0", "an object is needed, not a text"),
        (
            {"lines": [{"article": "tea", "quantity": True}]},
            "lines.0.quantity",
            "a whole number is needed, not true or false",
        ),
        ({"weight": "secret"}, "weight", "a number is needed, not a text"),
        ({"paid": 1}, "paid", "true or false is needed, not a whole number"),
        ({"size": "secret"}, "size", "must be 'S' or 'M'"),
        ({"note": 4}, "note", "a text is needed, not a whole number"),
        ({"pair": [1]}, "pair", "a list of 2 is needed, not of 1"),
        ({"rest": {"x": {"article": None}}}, "rest.x.article", "a text is needed, not null"),
        ({"rest": []}, "rest", "an object is needed, not a list"),
    ],
)
def test_a_mismatch_names_variable_and_field_and_is_not_tried_again(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    given = {"order": order_json(**changes)}

    outcome = run_task(take_order, given)
    of_pydantic = run_task(take_model, given)

    assert outcome == Failure(f"variable 'order' is no Order: {field}: {reason}")
    assert isinstance(of_pydantic, Failure)
    assert of_pydantic.retries == 0
    assert of_pydantic.message.startswith(f"variable 'order' is no OrderModel: {field}")
    assert "secret" not in outcome.message + of_pydantic.message


@pytest.mark.parametrize("value", ["text", 4, None, ["a"]])
@pytest.mark.parametrize("handler", [take_order, take_model])
def test_a_variable_of_another_kind_is_a_mismatch(handler: Any, value: Any) -> None:
    outcome = run_task(handler, {"order": value})

    assert isinstance(outcome, Failure)
    assert outcome.retries == 0
    assert outcome.message.startswith("variable 'order' is no Order")


def test_several_wrong_fields_are_named_up_to_five() -> None:
    outcome = run_task(take_order, {"order": {"id": str(ID)}})

    assert outcome == Failure(
        "variable 'order' is no Order: total: is missing; on: is missing; at: is missing; made: is missing; "
        "colour: is missing; and 3 more"
    )


@dataclass
class Checked:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError(f"secret {self.number}")


class CheckedModel(pydantic.BaseModel):
    number: int

    @pydantic.field_validator("number")
    @classmethod
    def check(cls, number: int) -> int:
        if number < 0:
            raise ValueError(f"secret {number}")
        return number


def test_what_a_class_own_check_says_is_passed_to_nobody() -> None:
    def plain(checked: Checked) -> None:
        """Take it."""

    def model(checked: CheckedModel) -> None:
        """Take it."""

    assert run_task(plain, {"checked": {"number": -1}}) == Failure(
        "variable 'checked' is no Checked: refused by Checked (ValueError)"
    )
    assert run_task(model, {"checked": {"number": -1}}) == Failure(
        "variable 'checked' is no CheckedModel: number: refused by the model (value_error)"
    )


def test_lists_and_options_of_objects_are_read() -> None:
    def handle(
        lines: list[Line], models: dict[str, LineModel], maybe: Line | None, default: Line | None = None
    ) -> dict[str, Any]:
        return {"seen": [type(lines[0]).__name__, type(models["a"]).__name__, maybe is None, default is None]}

    given = {"lines": [{"article": "tea"}], "models": {"a": {"article": "tea"}}, "maybe": None}

    assert run_task(handle, given) == Complete({"seen": ["Line", "LineModel", True, True]})
    assert run_task(handle, given | {"maybe": {"article": 5}}) == Failure(
        "variable 'maybe' is no Line | None: article: a text is needed, not a whole number"
    )


@dataclass
class Stay:
    guest: str
    nights: int
    since: datetime
    room: Line | None = None


class StayModel(pydantic.BaseModel):
    guest: str = pydantic.Field(alias="guestName")
    nights: int


SINCE = datetime(2031, 5, 1, 12, tzinfo=UTC)


def test_all_variables_are_taken_as_one_object() -> None:
    def handle(task: Task, stay: Annotated[Stay, AllVariables]) -> Stay:
        assert (stay.guest, stay.since, stay.room) == ("Zoë", SINCE, Line("suite"))
        return Stay(stay.guest, stay.nights + 1, stay.since)

    given = {"guest": "Zoë", "nights": 2, "since": SINCE, "room": {"article": "suite"}, "other": 5}

    assert run_task(handle, given) == Complete({"guest": "Zoë", "nights": 3, "since": SINCE, "room": None})
    assert run_task(handle, given | {"nights": "two"}) == Failure(
        "the variables are no Stay: nights: a whole number is needed, not a text"
    )


def test_only_the_fields_variables_are_fetched() -> None:
    router = TaskRouter()
    for kind in (Stay, StayModel):

        def handle(stay: Any) -> None:
            """Take it."""

        handle.__annotations__["stay"] = Annotated[kind, AllVariables]
        router.task(kind.__name__)(handle)

    fetched = {topic: entry.subscription.variables for topic, entry in router.registrations.items()}
    assert fetched == {
        "Stay": ("guest", "nights", "since", "room"),
        "StayModel": ("guestName", "guest", "nights"),
    }


def test_a_model_may_take_all_variables_by_their_aliases_and_return_them() -> None:
    def handle(stay: Annotated[StayModel, AllVariables]) -> StayModel:
        return stay.model_copy(update={"nights": 9})

    assert run_task(handle, {"guestName": "Zoë", "nights": 2}) == Complete({"guestName": "Zoë", "nights": 9})


def test_a_model_that_allows_more_gets_every_variable() -> None:
    class Open(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="allow")

    def handle(everything: Annotated[Open, AllVariables]) -> dict[str, Any]:
        return {"names": sorted(everything.model_extra or {})}

    assert run_task(handle, {"b": 1, "a": "x"}) == Complete({"names": ["a", "b"]})


def test_a_worker_gives_objects_to_its_handlers() -> None:
    engine = FakeEngine()
    worker, task = Worker(engine, poll_seconds=0.2), engine.add_task("order", {"order": ORDER, "rest": 1})
    wrong = engine.add_task("order", {"order": {"id": 1}})
    worker.task("order")(take_order)
    worker.run(once=True)

    assert task.results["back"] == order_json()
    assert wrong.has_incident
    assert (wrong.error_message or "").startswith("variable 'order' is no Order: id: UUID is needed")


@dataclass
class Socket:
    inner: complex


@dataclass
class Elsewhere:
    line: "Nowhere"  # type: ignore[name-defined]  # noqa: F821 - that is what is refused


class ModelElsewhere(pydantic.BaseModel):
    line: "Nowhere"  # type: ignore[name-defined]  # noqa: F821 - that is what is refused


Item = TypeVar("Item")


@dataclass
class Page(Generic[Item]):
    items: list[Item]


@pytest.mark.parametrize(
    ("annotation", "complaint"),
    [
        (
            Annotated[int, AllVariables],
            "parameter 'value': AllVariables marks a dataclass or a pydantic model, not int",
        ),
        (Annotated[list[Line], AllVariables], "AllVariables marks a dataclass or a pydantic model"),
        (Socket, "parameter 'value': field 'inner' of Socket: complex cannot be read from a variable: use a"),
        (list[Socket], "field 'inner' of Socket"),
        (Elsewhere, "the annotations of Elsewhere cannot be evaluated"),
        (ModelElsewhere, "pydantic cannot read ModelElsewhere .PydanticUndefinedAnnotation.: define what"),
        (LineModel | pytest.Item, "pydantic cannot read LineModel | Item"),
        (Page[int], r"Page\[int\] cannot be read from a variable"),
        (Annotated[Line, AllVariables] | None, "AllVariables marks a parameter as a whole"),
    ],
)
def test_what_can_be_read_in_no_way_is_refused_at_registration(annotation: Any, complaint: str) -> None:
    def handle(value: Any) -> None:
        """Take it."""

    handle.__annotations__["value"] = annotation

    with pytest.raises(RegistrationError, match=complaint):
        TaskRouter().task("topic")(handle)


def test_a_field_that_has_no_form_is_named_when_it_is_written() -> None:
    @dataclass
    class Odd:
        inner: Any

    with pytest.raises(VariableError, match="variable 'odd': complex has no form"):
        encode({"odd": Odd(1j)})
    with pytest.raises(VariableError, match="variable 'odd': a datetime needs a time zone"):
        encode({"odd": Odd(datetime(2031, 5, 1))})  # noqa: DTZ001 - that is what is refused
    assert encode({"short": Typed(Line("tea"), "Json")})["short"] == {
        "value": '{"article":"tea","quantity":1}',
        "type": "Json",
    }


def test_pydantic_is_not_imported_for_those_who_do_not_use_it() -> None:
    program = (
        "import sys\n"
        "from dataclasses import dataclass\n"
        "from external_tasks.testing import run_task\n"
        "@dataclass\n"
        "class Line:\n    article: str\n"
        "def handle(line: Line) -> dict[str, Line]:\n    return {'back': line}\n"
        "print(run_task(handle, {'line': {'article': 'tea'}}).variables, 'pydantic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "{'back': {'article': 'tea'}} False"


@dataclass
class Letter:
    text: File
    seal: bytes


def test_files_and_bytes_stay_what_they_are() -> None:
    def handle(text: File, letter: Annotated[Letter, AllVariables]) -> dict[str, Any]:
        return {"same": letter.text == text, "name": text.name, "seal": letter.seal}

    given = {"text": File("a.txt", b"Dear guest"), "seal": b"wax"}

    assert run_task(handle, given) == Complete({"same": True, "name": "a.txt", "seal": b"wax"})
    with pytest.raises(VariableError, match="File has no form inside a dict or list"):
        encode({"letter": {"text": given["text"]}})


POSTPONED = """
from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional
if TYPE_CHECKING:
    from nowhere import Missing
@dataclass
class Line:
    article: str
def returns_unknown(value: Line) -> Missing:
    return {"seen": value.article}
def beside_unknown(value: Line, other: Missing = None) -> dict:
    return {"seen": value.article}
def quoted(value: "Line") -> dict:
    return {"seen": value.article}
def optional(value: Optional["Line"]) -> dict:
    return {"seen": value.article}
"""


@pytest.mark.parametrize("name", ["returns_unknown", "beside_unknown", "quoted", "optional"])
def test_a_postponed_annotation_is_evaluated_by_itself(name: str) -> None:
    module: dict[str, Any] = {"__name__": __name__}
    exec(POSTPONED, module)  # noqa: S102 - a module of its own

    assert run_task(module[name], {"value": {"article": "tea"}}) == Complete({"seen": "tea"})


def test_texts_inside_an_annotation_are_evaluated() -> None:
    def handle(lines: list["Line"], maybe: Optional["Line"]) -> dict[str, str]:
        assert maybe is not None
        return {"seen": lines[0].article + maybe.article}

    line = {"article": "tea"}
    assert run_task(handle, {"lines": [line], "maybe": line}) == Complete({"seen": "teatea"})


@dataclass
class Priced:
    net: int
    percent: InitVar[int]
    rounded: InitVar[bool] = True
    gross: float = field(init=False)

    def __post_init__(self, percent: int, rounded: bool) -> None:
        gross = self.net * (1 + percent / 100)
        self.gross = round(gross) if rounded else gross


def test_what_a_dataclass_is_made_with_and_does_not_keep_is_read_too() -> None:
    def one(priced: Priced) -> dict[str, float]:
        return {"gross": priced.gross}

    def all_of(priced: Annotated[Priced, AllVariables]) -> dict[str, float]:
        return {"gross": priced.gross}

    given = {"net": 100, "percent": 19}

    assert run_task(one, {"priced": given}) == run_task(all_of, given) == Complete({"gross": 119})
    assert run_task(one, {"priced": {"net": 100}}) == Failure(
        "variable 'priced' is no Priced: percent: is missing"
    )


GuestId = NewType("GuestId", str)


class Odd(Enum):
    ONE = 1

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise KeyError(f"secret {value}")


@dataclass
class Exact:
    guest: GuestId = GuestId("x")
    size: Literal[1, "M"] = 1
    weight: float = 1.0
    odd: Odd = Odd.ONE
    inner: "list[Exact]" = field(default_factory=list)


class Raising(pydantic.BaseModel):
    number: int

    @pydantic.field_validator("number")
    @classmethod
    def check(cls, number: int) -> int:
        raise KeyError(f"secret {number}")


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"inner": [value]}
    return value


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"guest": 5}, "guest: a text is needed, not a whole number"),
        ({"size": True}, "size: must be 1 or 'M'"),
        ({"size": 1.0}, "size: must be 1 or 'M'"),
        ({"weight": 10**400}, "weight: a number that fits a float is needed"),
        ({"odd": 7}, "odd: must be 1"),
        ({"odd": [7]}, "odd: must be 1"),
        (nested(250), "it is nested too deeply"),
    ],
)
def test_what_does_not_fit_in_an_odd_way_is_a_mismatch_too(given: Any, complaint: str) -> None:
    def handle(exact: Exact) -> None:
        """Take it."""

    assert run_task(handle, {"exact": given}) == Failure(f"variable 'exact' is no Exact: {complaint}")


def test_whatever_a_models_own_check_raises_is_a_mismatch() -> None:
    def handle(raising: Raising) -> None:
        """Take it."""

    assert run_task(handle, {"raising": {"number": 7}}) == Failure(
        "variable 'raising' is no Raising: refused by Raising (KeyError)"
    )


@pydantic.dataclasses.dataclass
class Checkin:
    guest: str = pydantic.Field(alias="guestName")


class Prices(pydantic.RootModel[dict[str, int]]):
    pass


def test_every_kind_of_pydantics_takes_all_variables() -> None:
    def checkin(value: Annotated[Checkin, AllVariables]) -> dict[str, str]:
        return {"seen": value.guest}

    def prices(value: Annotated[Prices, AllVariables]) -> dict[str, int]:
        return {"seen": sum(value.root.values())}

    assert run_task(checkin, {"guestName": "Zoë"}) == Complete({"seen": "Zoë"})
    assert run_task(prices, {"tea": 2, "milk": 1}) == Complete({"seen": 3})
