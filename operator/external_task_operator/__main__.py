"""``python -m external_task_operator``: run the operator until SIGTERM, or simulate a policy."""

import argparse
import logging
import sys

from external_task_operator.logs import configure_logging
from external_task_operator.settings import SettingsError, read_settings
from external_task_operator.simulation import command

EXIT_FAILED = 1
EXIT_BAD_SETTINGS = 2

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for; without a subcommand, the operator."""
    parser = argparse.ArgumentParser(
        prog="hotel-operator", description="Scales workers of external tasks on their backlog."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("run", help="run the operator (default); its settings are environment variables")
    command.add_arguments(
        commands.add_parser(
            "simulate", help="replay a trace of arrivals through this policy, HPA's and KEDA's"
        )
    )
    options = parser.parse_args(arguments)
    if options.command == "simulate":
        sys.exit(command.run(options))
    run()


def run() -> None:
    """Run the operator; exit with 2 if a setting cannot be used, with 1 if it cannot start."""
    # Imported here, for a simulation needs neither kopf nor a cluster.
    from external_task_operator.application import Application  # noqa: PLC0415
    from external_task_operator.errors import ClusterError  # noqa: PLC0415

    try:
        settings = read_settings()
        settings.check()
    except SettingsError as error:
        sys.stderr.write(f"hotel-operator: {error}\n")
        sys.exit(EXIT_BAD_SETTINGS)
    configure_logging(settings.log_level, settings.log_format)
    try:
        Application(settings).run()
    except OSError as error:
        log.error(  # noqa: TRY400 - the traceback would say no more than the error
            "A port cannot be served; set OPERATOR_HEALTH_PORT or OPERATOR_PUSH_PORT",
            extra={"error": str(error)},
        )
        sys.exit(EXIT_FAILED)
    except ClusterError as error:
        log.error("The API server is not known", extra={"error": str(error)})  # noqa: TRY400 - likewise
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
