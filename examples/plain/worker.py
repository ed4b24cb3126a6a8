"""Plain functions: a worker sends invoices, and a large one first needs somebody's word."""

from external_tasks import BusinessError, TaskRouter

router = TaskRouter()


@router.task("add-up-invoice")
def add_up(prices: list[float]) -> dict[str, float]:
    if not prices:
        raise BusinessError("NOTHING_TO_PAY", "the invoice has no line")
    return {"total": round(sum(prices), 2)}


@router.task("send-invoice")
def send(customer: str, total: float) -> dict[str, str]:
    return {"sent": f"{total:.2f} to {customer}"}
