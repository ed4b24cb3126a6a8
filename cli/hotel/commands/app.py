"""The command line: its commands, and the options before them."""

from importlib.metadata import version
from typing import Annotated

import typer

from hotel.commands import (
    cancel,
    demo,
    deploy,
    listing,
    replay,
    reserve,
    retry,
    stack,
    status,
    suspend,
    tasks,
)
from hotel.commands.options import ClusterContext, Home, Namespace, Release
from hotel.errors import InvalidInput
from hotel.settings import HotelSettings

app = typer.Typer(
    help="Hotel reservations through a BPMN engine, on this machine or in a cluster.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if wanted:
        typer.echo(f"hotel {version('hotel')}")
        raise typer.Exit


@app.callback()
def hotel(
    context: typer.Context,
    *,
    home: Home = None,
    cluster_context: ClusterContext = None,
    namespace: Namespace = None,
    release: Release = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    given = {"home": home, "context": cluster_context, "namespace": namespace, "release": release}
    for name, value in given.items():
        # A script's variable that is not set must not lead to another hotel.
        if value == "":
            raise InvalidInput(f"--{name} is empty")
    context.obj = HotelSettings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )


app.command()(stack.up)
app.command()(stack.down)
app.command()(deploy.deploy)
app.command()(reserve.reserve)
app.command()(status.status)
app.command()(cancel.cancel)
app.command("list")(listing.list_reservations)
app.command()(tasks.tasks)
app.command()(suspend.suspend)
app.command()(suspend.resume)
app.command()(retry.retry)
app.command()(replay.replay)
app.command()(demo.demo)
