"""An async handler: it asks several suppliers at once, and waits for all of them in no thread at all."""

import asyncio

from external_tasks import Task, TaskRouter

PRICES = {"north": 12.5, "south": 11.0, "west": 13.0}

router = TaskRouter()


async def ask(supplier: str, article: str) -> tuple[str, float]:
    """Stand for a call of an async HTTP client."""
    await asyncio.sleep(0.05)
    return supplier, PRICES[supplier] * len(article)


@router.task("collect-offers")
async def collect_offers(task: Task, article: str) -> dict[str, object]:
    # Cancelled with the handler, should the task be cancelled meanwhile.
    offers = await asyncio.gather(*(ask(supplier, article) for supplier in PRICES))
    supplier, price = min(offers, key=lambda offer: offer[1])
    return {"supplier": supplier, "price": price, "asked_by": task.activity_id}
