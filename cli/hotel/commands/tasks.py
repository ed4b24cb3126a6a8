"""`hotel tasks`."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer
from external_tasks.output import drop_output

from hotel.cluster.connect import kubectl_of
from hotel.commands.backlog_views import ChangeView, LiveView, lines
from hotel.commands.options import Json, engine_of, settings_of
from hotel.commands.output import note, out, print_json
from hotel.commands.readers import reader_left_within
from hotel.tasks.backlog import CLUSTER, ENGINE, Backlog, look


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
    # Watching has no end of its own, so that Ctrl-C is the good one; a reader that leaves, `head` say, too.
    try:
        engine = engine_of(context)
        _watch(lambda: look(engine, kubectl), interval, as_json=json)
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        drop_output()


def _show(backlog: Backlog, *, as_json: bool) -> None:
    if ENGINE in backlog.problems:
        raise backlog.problems[ENGINE]
    if as_json:
        topics = {count.topic: count.to_json() for count in backlog.topics or ()}
        scalers = None if backlog.scalers is None else [scaler.to_json() for scaler in backlog.scalers]
        in_cluster = backlog.scalers is not None or CLUSTER in backlog.problems
        print_json({**topics, **({"scalers": scalers} if in_cluster else {})})
    else:
        out.lines(lines(replace(backlog, problems={})))
    for problem in backlog.problems.values():
        note(f"the scalers are not shown: {problem}")


def _watch(ask: Callable[[], Backlog], interval: float, *, as_json: bool) -> None:
    in_place = out.is_terminal and not as_json
    with LiveView(interval) if in_place else nullcontext(ChangeView(as_json=as_json)) as view:
        while True:
            view.show(ask())
            if reader_left_within(interval):
                return
