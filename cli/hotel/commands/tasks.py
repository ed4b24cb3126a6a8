"""`hotel tasks`."""

from dataclasses import asdict

import typer

from hotel.commands.options import Json, engine_of
from hotel.output import print_json, print_rows
from hotel.topics import count_topics


def tasks(context: typer.Context, *, json: Json = False) -> None:
    """Show the external tasks of each topic: unlocked, locked, failed, suspended."""
    counts = count_topics(engine_of(context))
    if json:
        print_json(
            {count.topic: {k: v for k, v in asdict(count).items() if k != "topic"} for count in counts}
        )
        return
    rows = [[c.topic, str(c.unlocked), str(c.locked), str(c.failed), str(c.suspended)] for c in counts]
    print_rows(["topic", "unlocked", "locked", "failed", "suspended"], rows)
