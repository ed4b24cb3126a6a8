"""A worker process whose handler writes a line, sleeps, and writes another.

With ``--forks`` the worker, made once, runs in so many forked children; with ``--pool`` its handler lets a
pool of forked processes work.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import time

from external_tasks import BasicAuth, EngineClient, Task, Worker

parser = argparse.ArgumentParser()
parser.add_argument("--topic", required=True)
parser.add_argument("--url", required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--lock-seconds", type=float, default=60)
parser.add_argument("--drain-seconds", type=float, default=10)
parser.add_argument("--poll-seconds", type=float, default=5)
parser.add_argument("--sleep-seconds", type=float, default=0)
parser.add_argument("--forks", type=int, default=0)
parser.add_argument("--pool", type=int, default=0)
options = parser.parse_args()

engine = EngineClient(options.url, auth=BasicAuth(options.user, os.environ["PASSWORD"]), timeout=60)
worker = Worker(
    engine,
    slots=2,
    lock_seconds=options.lock_seconds,
    poll_seconds=options.poll_seconds,
    drain_seconds=options.drain_seconds,
    name="process",
)


def say(word: str, task: Task) -> None:
    sys.stdout.write(f"{word} {task.id} {task.worker_id}\n")
    sys.stdout.flush()


@worker.task(options.topic)
def handle(task: Task) -> dict[str, str]:
    """Sleep, whatever happens to the task meanwhile."""
    say("begin", task)
    if options.pool:
        with multiprocessing.get_context("fork").Pool(options.pool) as pool:
            pool.map(abs, range(10))
    time.sleep(options.sleep_seconds)
    say("end", task)
    return {"done_by": worker.id}


def run_in_children(count: int) -> None:
    """Run the worker that was made here in forked processes, and end with them."""
    engine.get("/version")  # opens a connection that the children must not use
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            worker.run()
            os._exit(0)
        children.append(child)

    def end(number: int, _: object) -> None:
        for child in children:
            os.kill(child, number)

    signal.signal(signal.SIGTERM, end)
    for child in children:
        os.waitpid(child, 0)


if options.forks:
    run_in_children(options.forks)
else:
    worker.run()
