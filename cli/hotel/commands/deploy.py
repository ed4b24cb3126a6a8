"""`hotel deploy`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hotel.commands.options import Json, engine_of, settings_of
from hotel.commands.output import note, out, print_json
from hotel.deployment import definition_keys, process_files, unknown_to
from hotel.deployment import deploy as deploy_files
from hotel.errors import HotelError
from hotel.names import Role


def deploy(
    context: typer.Context,
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder with .bpmn files.", show_default="the hotel's processes"),
    ] = None,
    json: Json = False,
) -> None:
    """Deploy processes to the engine; only what changed becomes a new version."""
    files = process_files(folder, history_time_to_live=settings_of(context).history_time_to_live)
    deployment = deploy_files(engine_of(context, Role.DEPLOYER), files)
    made = {definition.key: definition.version for definition in deployment.definitions}
    if json:
        print_json({"deployment": deployment.id, "files": sorted(files), "new_versions": made})
    for key, number in () if json else made.items():
        out.line(f"{key}: version {number}")
    if not made and not json:
        out.line("nothing has changed since the last deployment")
    if folder is not None:
        _note_missing_rights(context, definition_keys(files))


def _note_missing_rights(context: typer.Context, keys: Sequence[str]) -> None:
    """Say so where a worker would get no tasks: the engine answers it as if there were none."""
    try:
        unknown = unknown_to(engine_of(context, Role.CLIENT), keys)
    except HotelError as error:
        note(f"whether the engine's users worker, scaler and client may work on this is not known: {error}")
        return
    for key in unknown:
        note(
            f"the engine's users worker, scaler and client have no rights on {key}: a worker gets no tasks "
            "of it. Add it to ENGINE_PROCESS_DEFINITIONS (engine.processDefinitions of the chart) and "
            "restart the engine"
        )
