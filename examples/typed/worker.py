"""Typed payloads: dataclasses in, dataclasses out; what does not fit is an incident that names the field."""

from dataclasses import dataclass
from decimal import Decimal

from external_tasks import TaskRouter

router = TaskRouter()


@dataclass
class Line:
    """One line of an order."""

    article: str
    price: Decimal
    quantity: int = 1


@dataclass
class Order:
    """An order as it comes from the shop."""

    customer: str
    lines: list[Line]


@dataclass
class Priced:
    """Its fields become variables of the process."""

    total: Decimal
    largest: Line


@router.task("price-order")
def price_order(order: Order) -> Priced:
    largest = max(order.lines, key=lambda line: line.price * line.quantity)
    return Priced(sum((line.price * line.quantity for line in order.lines), Decimal()), largest)


@router.task("pick-first")
def pick_first(largest: Line) -> dict[str, str]:
    return {"picked": f"{largest.quantity} x {largest.article}"}
