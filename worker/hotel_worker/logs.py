"""Log lines: one an event, structured, on standard error; never personal data, never secrets."""

import logging
import logging.config
from typing import Literal

from external_tasks.visible import TextFormatter


def configure_logging(level: str, form: Literal["json", "text"]) -> None:
    """Send all log lines to standard error.

    Args:
        level: the least severe that are written.
        form: one JSON object a line, or text.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "text": {"()": TextFormatter, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                },
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
            "root": {"level": level, "handlers": ["stderr"]},
            # urllib3 writes every request at DEBUG, query strings with e-mail addresses included.
            "loggers": {"urllib3": {"level": "WARNING"}},
        }
    )
