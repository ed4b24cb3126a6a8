"""`hotel ps`."""

from typing import Annotated

import typer

from hotel.commands.options import Json, local_settings_of
from hotel.commands.output import out, print_json
from hotel.errors import ExitCode, Unreachable
from hotel.stack.engine import EngineAddresses
from hotel.stack.parts import Health, Part, look_at_parts
from hotel.stack.state import StackState

_COLOURS = {Health.READY: "green", Health.NOT_READY: "yellow", Health.ENDED: "red"}


def show_parts(
    context: typer.Context,
    *,
    passwords: Annotated[
        bool, typer.Option("--passwords", help="Show the engine's users and the services' token too.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the parts of the local stack: their health, addresses, process ids and logs."""
    home = local_settings_of(context).home
    state = StackState.load(home)
    if state is None or not state.processes:
        raise Unreachable(f"no local stack runs in {home}: `hotel up` starts one")
    parts = look_at_parts(state)
    if json:
        print_json(_description(state, parts, passwords=passwords))
    else:
        _show(state, parts, passwords=passwords)
    if any(part.health is not Health.READY for part in parts):
        raise typer.Exit(ExitCode.UNREACHABLE)


def _description(state: StackState, parts: list[Part], *, passwords: bool) -> dict[str, object]:
    described: dict[str, object] = {
        "parts": [
            {
                "name": part.name,
                "health": part.health,
                "address": part.address,
                "pid": part.pid,
                "log": str(part.log),
            }
            for part in parts
        ],
        "cockpit": EngineAddresses.of(state.engine, state.ports).cockpit,
    }
    if passwords:
        described["users"] = dict(state.credentials.passwords)
        described["service_token"] = state.credentials.service_token
    return described


def _show(state: StackState, parts: list[Part], *, passwords: bool) -> None:
    rows = [
        (part.name, (part.health, _COLOURS[part.health]), part.address, str(part.pid), str(part.log))
        for part in parts
    ]
    out.table(("part", "health", "address", "pid", "log"), rows)
    out.line()
    out.line(f"cockpit  {EngineAddresses.of(state.engine, state.ports).cockpit}")
    if not passwords:
        return
    out.line()
    users = state.credentials.passwords.items()
    out.table(("engine's user", "password"), [(str(role), password) for role, password in users])
    out.line()
    out.line(f"services' token, sent as `Authorization: Bearer TOKEN`: {state.credentials.service_token}")
