"""A worker process whose handler writes a line, sleeps, and writes another."""

import argparse
import os
import sys
import time

from external_tasks import BasicAuth, EngineClient, Task, Worker

parser = argparse.ArgumentParser()
parser.add_argument("--topic", required=True)
parser.add_argument("--url", required=True)
parser.add_argument("--user", required=True)
parser.add_argument("--lock-seconds", type=float, default=60)
parser.add_argument("--drain-seconds", type=float, default=10)
parser.add_argument("--sleep-seconds", type=float, default=0)
options = parser.parse_args()

engine = EngineClient(options.url, auth=BasicAuth(options.user, os.environ["PASSWORD"]), timeout=60)
worker = Worker(
    engine, slots=2, lock_seconds=options.lock_seconds, drain_seconds=options.drain_seconds, name="process"
)


def say(word: str, task: Task) -> None:
    sys.stdout.write(f"{word} {task.id}\n")
    sys.stdout.flush()


@worker.task(options.topic)
def handle(task: Task) -> dict[str, str]:
    """Sleep, whatever happens to the task meanwhile."""
    say("begin", task)
    time.sleep(options.sleep_seconds)
    say("end", task)
    return {"done_by": worker.id}


worker.run()
