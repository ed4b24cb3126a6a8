"""`hotel tasks`."""

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Group

from hotel.backlog import CLUSTER, ENGINE, Backlog, look
from hotel.cluster.reach import kubectl_of
from hotel.commands.backlog_views import ChangeView, LiveView, blocks
from hotel.commands.options import Json, engine_of, settings_of
from hotel.output import note, out, print_json


def tasks(
    context: typer.Context,
    *,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Go on showing them until Ctrl-C; with --json one document a line and change."
        ),
    ] = False,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks of --watch.")] = 2,
    json: Json = False,
) -> None:
    """Show the external tasks of each topic, and in a cluster the scalers that follow them."""
    settings = settings_of(context)
    kubectl = kubectl_of(settings) if settings.in_cluster else None
    if not watch:
        _show(look(engine_of(context), kubectl), as_json=json)
        return
    # Watching has no end of its own, so that Ctrl-C is the good one.
    with suppress(KeyboardInterrupt):
        engine = engine_of(context)
        _watch(lambda: look(engine, kubectl), interval, as_json=json)


def _show(backlog: Backlog, *, as_json: bool) -> None:
    if ENGINE in backlog.problems:
        raise backlog.problems[ENGINE]
    if as_json:
        topics = {count.topic: count.to_json() for count in backlog.topics or ()}
        scalers = None if backlog.scalers is None else [scaler.to_json() for scaler in backlog.scalers]
        in_cluster = backlog.scalers is not None or CLUSTER in backlog.problems
        print_json({**topics, **({"scalers": scalers} if in_cluster else {})})
    else:
        out.print(Group(*blocks(replace(backlog, problems={}))))
    for problem in backlog.problems.values():
        note(f"the scalers are not shown: {problem}")


def _watch(ask: Callable[[], Backlog], interval: float, *, as_json: bool) -> None:
    in_place = out.is_terminal and not as_json
    with LiveView(interval) if in_place else nullcontext(ChangeView(as_json=as_json)) as view:
        while True:
            view.show(ask())
            time.sleep(interval)
