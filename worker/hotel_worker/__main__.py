"""``python -m hotel_worker``: work until SIGTERM."""

import logging
import sys

from hotel_worker.logs import configure_logging
from hotel_worker.settings import SettingsError, read_settings
from hotel_worker.wiring import create_worker

EXIT_FAILED = 1
EXIT_BAD_SETTINGS = 2

_log = logging.getLogger(__name__)


def main() -> None:
    """Run the worker; exit with 2 if a setting cannot be used, with 1 if it cannot start."""
    try:
        settings = read_settings()
        worker = create_worker(settings)
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"hotel-worker: {error}\n")
        sys.exit(EXIT_BAD_SETTINGS)
    configure_logging(settings.log_level, settings.log_format)
    try:
        worker.run()
    except OSError as error:
        _log.error(
            "cannot serve /livez at port %d: %s; set WORKER_HEALTH_PORT and WORKER_HEALTH_HOST",
            settings.worker_health_port,
            error,
        )
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
