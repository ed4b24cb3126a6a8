"""`hotel deploy`."""

from pathlib import Path
from typing import Annotated

import typer

from hotel.commands.options import Json, engine_of
from hotel.deployment import deploy as deploy_files
from hotel.deployment import process_files
from hotel.output import out, print_json
from hotel.stack.names import Role


def deploy(
    context: typer.Context,
    *,
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder with .bpmn files.", show_default="the hotel's processes"),
    ] = None,
    json: Json = False,
) -> None:
    """Bring the processes into the engine; only what changed becomes a new version."""
    files = process_files(folder)
    deployment = deploy_files(engine_of(context, Role.DEPLOYER), files)
    made = {definition.key: definition.version for definition in deployment.definitions}
    if json:
        print_json({"deployment": deployment.id, "files": sorted(files), "new_versions": made})
        return
    for key, number in made.items():
        out.print(f"{key}: version {number}", markup=False)
    if not made:
        out.print("nothing has changed since the last deployment")
