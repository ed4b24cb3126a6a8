"""Log lines: one an event, structured, on standard error."""

import logging.config
from typing import Literal


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
                "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                },
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {
                # Every retried connection would be a line; what comes of it is logged here anyway.
                "urllib3": {"level": "ERROR"},
                # The framework tells of each object that it sees.
                "kopf.objects": {"level": "WARNING"},
            },
        }
    )
