"""Log lines: one an event, structured, with the request's id; never personal data, never a query string."""

import logging
import logging.config
from contextvars import ContextVar

from hotel_services.kit.settings import ServiceSettings

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread serves."""


class RequestIdFilter(logging.Filter):
    """Puts the request's id on every line that is written while a request is served."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; let every record pass."""
        if request_id := REQUEST_ID.get():
            record.request_id = request_id
        return True


class TextFormatter(logging.Formatter):
    """Writes a line for people: time, level, message, then the line's own facts; below it a traceback.

    A message may quote what a stranger sent. What is not printable stands there as an escape, so that nobody
    writes lines of their own into the log or sends commands to a terminal.
    """

    _COMMON = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = [f"{name}={value}" for name, value in vars(record).items() if name not in self._COMMON]
        alone = logging.makeLogRecord(vars(record))
        alone.exc_info = alone.exc_text = alone.stack_info = None
        lines = [printable(" ".join([super().format(alone), *facts]))]
        if record.exc_info and any(record.exc_info):
            lines += [f"    {printable(line)}" for line in self.formatException(record.exc_info).split("\n")]
        return "\n".join(lines)


def printable(text: str) -> str:
    r"""Return a text with all that is not printable as escapes, e.g. `\x1b`."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def configure_logging(service: str, settings: ServiceSettings) -> None:
    """Send all log lines to standard error, in the form that the settings ask for."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request": {"()": RequestIdFilter}},
            "formatters": {
                "text": {
                    "()": TextFormatter,
                    "fmt": f"%(asctime)s %(levelname)s {service} %(name)s: %(message)s",
                },
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                    "static_fields": {"service": service},
                },
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": settings.log_format,
                    "filters": ["request"],
                }
            },
            "root": {"level": settings.log_level, "handlers": ["stderr"]},
            # Our own line about the migration says what Alembic logs at INFO.
            # At DEBUG, SQLAlchemy logs whole rows with personal data.
            "loggers": {"alembic": {"level": "WARNING"}, "sqlalchemy": {"level": "WARNING"}},
        }
    )
