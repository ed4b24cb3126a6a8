"""The command line: its commands, and the options before them."""

from importlib.metadata import version
from typing import Annotated

import typer

from hotel.commands import (
    cancel,
    demo,
    deploy,
    erase,
    listing,
    parts,
    replay,
    reserve,
    retry,
    stack,
    status,
    suspend,
    tasks,
)
from hotel.commands.place import (
    LOCAL,
    ClusterContext,
    Home,
    Namespace,
    Release,
    settings_with,
    with_place,
)
from hotel.errors import ExitCode
from hotel.settings import HotelSettings

app = typer.Typer(
    help="Hotel reservations through a BPMN engine, on this machine or in a cluster.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    # Plain help: boxes are in the way in a pipe and in a narrow window.
    rich_markup_mode=None,
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
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)
    given = {"home": home, "context": cluster_context, "namespace": namespace, "release": release}
    context.obj = settings_with(HotelSettings(), given)


app.command()(with_place(stack.up, LOCAL))
app.command()(with_place(stack.down, LOCAL))
app.command("ps")(with_place(parts.show_parts, LOCAL))
app.command()(with_place(deploy.deploy))
app.command()(with_place(reserve.reserve))
app.command()(with_place(status.status))
app.command()(with_place(cancel.cancel))
app.command("list")(with_place(listing.list_reservations))
app.command()(with_place(tasks.tasks))
app.command()(with_place(suspend.suspend))
app.command()(with_place(suspend.resume))
app.command()(with_place(retry.retry))
app.command()(with_place(erase.erase))
app.command()(with_place(replay.replay))
app.command()(with_place(demo.demo, {}))
