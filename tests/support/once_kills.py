"""Workers that are killed between a task's effect and its report, again and again."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from external_tasks import (
    EngineClient,
    NotFound,
    OptimisticLockingConflict,
    Task,
    Worker,
    create_results_table,
    once,
)

LAST_RUNS = 20

Connect = Callable[[], Any]
"""Opens a connection of a DB-API driver, in transactions."""


@dataclass(frozen=True)
class Figures:
    """What came of it: `effects` counts the rows that effects wrote, `tasks` the tasks that they name."""

    kills: int
    tasks: int
    effects: int
    completed: int


def kill_workers(client: EngineClient, topic: str, connect: Connect, tasks: int, kills: int) -> Figures:
    """Kill a worker for so often, then let the tasks of the topic end.

    Each worker is a process of its own that ends itself by SIGKILL: mostly after the effect is committed and
    before its report, at times before the commit.
    """
    with closing(connect()) as connection:
        create_results_table(connection)
        connection.cursor().execute("CREATE TABLE effects (task varchar(64) NOT NULL, amount integer)")
        connection.commit()
    chance, killed = random.Random(7), 0
    for _ in range(kills * 10):
        if killed == kills:
            break
        killed += _run(client, topic, connect, "before" if chance.random() < 0.2 else "after")
        _unlock_all(client, topic)
    for _ in range(LAST_RUNS):
        if client.count_external_tasks(topicName=topic) == 0:
            break
        _run(client, topic, connect, "never")
        _unlock_all(client, topic)
    with closing(connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*), count(DISTINCT task) FROM effects")
        effects, different = cursor.fetchone()
    return Figures(killed, different, effects, tasks - client.count_external_tasks(topicName=topic))


def _unlock_all(client: EngineClient, topic: str) -> None:
    """Free what dead workers hold: their locks would expire by themselves, but later."""
    for task in client.external_tasks(topicName=topic, locked=True):
        # The engine may still be at work on a dead worker's last fetch, or have ended a task just now.
        with suppress(OptimisticLockingConflict, NotFound):
            client.unlock(task["id"])


def _run(client: EngineClient, topic: str, connect: Connect, kill: str) -> int:
    """Run a worker in a child until it is killed or has nothing left; return 1 if it was killed."""
    child = os.fork()
    if child == 0:
        try:
            _work(client, topic, connect, kill)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return int(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)


def _work(client: EngineClient, topic: str, connect: Connect, kill: str) -> None:
    worker = Worker(client, slots=2, lock_seconds=60, drain_seconds=1)

    @worker.task(topic)
    def handle(task: Task) -> dict[str, Any]:
        with closing(connect()) as connection:

            def effect() -> dict[str, Any]:
                connection.cursor().execute(
                    f"INSERT INTO effects VALUES ('{task.id}', 1)"  # noqa: S608 - the engine's own id
                )
                if kill == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
                return {"receipt": task.id}

            result = once(connection, task, effect)
            connection.commit()
        if kill != "never":
            # Also where the effect was there before: no task may end before all kills are done.
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    worker.run(once=True)
