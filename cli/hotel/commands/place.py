"""The options that say which hotel is meant; they stand before the command or after it."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from hotel.errors import InvalidInput
from hotel.settings import HotelSettings

Home = Annotated[
    str | None,
    typer.Option("--home", help="Folder of the local stack (also HOTEL_HOME).", show_default="./.hotel"),
]
ClusterContext = Annotated[
    str | None,
    typer.Option(
        "--context",
        help="Use a hotel in a cluster: the kubeconfig's context (also HOTEL_CONTEXT).",
        show_default="the current one",
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace",
        "-n",
        help="Use a hotel in a cluster: its namespace (also HOTEL_NAMESPACE).",
        show_default="the context's",
    ),
]
Release = Annotated[
    str | None,
    typer.Option(
        "--release",
        help="Use a hotel in a cluster: its Helm release (also HOTEL_RELEASE).",
        show_default="the only one there",
    ),
]

LOCAL: Mapping[str, Any] = {"home": Home}
ANYWHERE: Mapping[str, Any] = {
    **LOCAL,
    "context": ClusterContext,
    "namespace": Namespace,
    "release": Release,
}
# A command's arguments may have these names too, typer's context among them.
_PREFIX = "place_"


def settings_with(settings: HotelSettings, given: Mapping[str, str | None]) -> HotelSettings:
    """Return settings with the options that were given.

    Raises:
        InvalidInput: an option is empty.
    """
    for name, value in given.items():
        # A script's variable that is not set must not lead to another hotel.
        if value == "":
            raise InvalidInput(f"--{name} is empty")
    named = {name: Path(value) if name == "home" else value for name, value in given.items() if value}
    return settings.model_copy(update=named)


def with_place(command: Callable[..., None], options: Mapping[str, Any] = ANYWHERE) -> Callable[..., None]:
    """Return a command that takes the options of a place as well as its own."""

    @wraps(command)
    def placed(context: typer.Context, **given: Any) -> None:
        place = {name: given.pop(_PREFIX + name) for name in options}
        context.obj = settings_with(context.obj, place)
        command(context, **given)

    added = {_PREFIX + name: annotation for name, annotation in options.items()}
    signature = inspect.signature(command)
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in added.items()
    ]
    placed.__annotations__ = {**command.__annotations__, **added}
    # What typer reads the command's options from.
    vars(placed)["__signature__"] = signature.replace(
        parameters=[*signature.parameters.values(), *parameters]
    )
    return placed
