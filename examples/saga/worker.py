"""A saga: what was booked is given back, in the model's own order, when the card is declined."""

from external_tasks import BusinessError, Task, TaskRouter

router = TaskRouter()


@router.task("book-flight")
def book_flight(task: Task, destination: str) -> dict[str, str]:
    # The key is the same in each attempt, so that a service that is asked twice books once.
    return {"flight": f"{destination}-{task.idempotency_key[:8]}"}


@router.task("book-car")
def book_car(task: Task, destination: str) -> dict[str, str]:
    return {"car": f"{destination}-{task.idempotency_key[:8]}"}


@router.task("charge-card")
def charge_card(price: float, limit: float) -> dict[str, bool]:
    if price > limit:
        raise BusinessError("CARD_DECLINED", "the card's limit is lower than the price")
    return {"charged": True}


@router.task("cancel-flight")
def cancel_flight(flight: str) -> dict[str, str]:
    return {"cancelled_flight": flight}


@router.task("cancel-car")
def cancel_car(car: str) -> dict[str, str]:
    return {"cancelled_car": car}
