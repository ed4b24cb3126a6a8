"""Log lines: one an event, structured, on standard error; never personal data, never secrets."""

import logging
import logging.config
from typing import Literal


class TextFormatter(logging.Formatter):
    """Writes a line for people, and below it the traceback of an unexpected error.

    Messages may quote what a stranger wrote. So control characters, which a terminal obeys, and characters
    that reverse or hide text are written as escapes; each event stays on its line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        lines = [visible(super().format(record))]
        traceback = getattr(record, "traceback", None)
        if isinstance(traceback, str):
            lines += [f"    {visible(line)}" for line in traceback.rstrip().split("\n")]
        return "\n".join(lines)


def visible(text: str) -> str:
    """Write each character that does not print, e.g. one that begins a terminal command, as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


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
