"""Log lines: one an event, structured, on standard error."""

import json
import logging
import logging.config
from typing import Literal

from external_tasks.visible import visible

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    """Lines for people, with what a line is about behind its message; control characters are made visible."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        about = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        record = logging.makeLogRecord(vars(record))
        record.msg, record.args = " ".join([visible(record.getMessage()), *map(_pair, about.items())]), None
        return super().format(record)


def _pair(item: tuple[str, object]) -> str:
    name, value = item
    text = str(value)
    quoted = not text or any(char.isspace() or char in '"=' for char in text)
    return f"{name}={visible(json.dumps(text, ensure_ascii=False) if quoted else text)}"


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
                "text": {
                    "()": TextFormatter,
                    "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
                },
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                },
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {
                # Every retried connection would be a line; the outcome is logged here anyway.
                "urllib3": {"level": "ERROR"},
                # The framework reports each object that it sees.
                "kopf.objects": {"level": "WARNING"},
                # It warns that signals do not reach its thread; they are handled in the main one.
                "kopf._core.reactor.running": {"level": "ERROR"},
            },
        }
    )
