"""`python -m hotel_services SERVICE COMMAND`."""

import argparse
import importlib
import sys

from hotel_services.kit.commands import COMMANDS, execute
from hotel_services.kit.http.service import Service

SERVICES = ("booking", "room", "restaurant", "client")


def main(arguments: list[str] | None = None) -> int:
    """Run one command of one service; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m hotel_services",
        description="The hotel's services; settings come from the environment.",
    )
    parser.add_argument("service", choices=SERVICES)
    commands = " ".join(f"{name}: {command.__doc__}" for name, command in COMMANDS.items())
    parser.add_argument("command", choices=COMMANDS, help=commands)
    chosen = parser.parse_args(arguments)
    service = importlib.import_module(f"hotel_services.{chosen.service}.service").SERVICE
    if not isinstance(service, Service):
        raise TypeError(f"hotel_services.{chosen.service}.service holds no service")
    return execute(service, chosen.command)


if __name__ == "__main__":
    sys.exit(main())
