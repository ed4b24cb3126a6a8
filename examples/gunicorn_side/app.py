"""A worker beside a web application, in gunicorn's processes: the page takes orders, a handler packs them."""

import os

from external_tasks import BasicAuth, EngineClient, TaskRouter, Worker
from flask import Flask, request

app = Flask(__name__)
router = TaskRouter()
# Made before gunicorn forks: each process opens connections of its own.
engine = EngineClient(
    os.environ.get("ENGINE_URL", "http://localhost:8080/engine-rest"),
    auth=BasicAuth(os.environ.get("ENGINE_USER", "admin"), os.environ.get("ENGINE_PASSWORD", "admin")),
)


@app.post("/orders/<article>")
def order(article: str) -> tuple[dict[str, str], int]:
    quantity = request.args.get("quantity", default=1, type=int)
    return {"order": engine.start("pack", {"article": article, "quantity": quantity})}, 202


@router.task("pack-order")
def pack(article: str, quantity: int) -> dict[str, str]:
    return {"parcel": f"{quantity} x {article}"}


def new_worker() -> Worker:
    """Make a worker for one process of gunicorn."""
    worker = Worker(engine, slots=4)
    worker.include(router)
    return worker
