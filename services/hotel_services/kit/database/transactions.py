"""Units of work: what a request does to the database, whole or not at all, tried again where that helps."""

import contextlib
import itertools
import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from prometheus_client import Counter
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from hotel_services.kit.database import transient_errors
from hotel_services.kit.database.connections import WRITES

MAX_ATTEMPTS = 12
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5

_TAKES_WRITES = {
    "postgresql": "SELECT current_setting('transaction_read_only') = 'off'",
    "sqlite": "SELECT NOT query_only FROM pragma_query_only",
}

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class DatabaseUnavailableError(Exception):
    """The database could not be reached or could not work for as long as a request may wait."""


class Database:
    """Runs units of work on an engine; safe to share between threads.

    Args:
        engine: Where to.
        retry_seconds: How long a unit is tried again at most.
        retries: Counts the attempts that failed, by reason.
    """

    def __init__(self, engine: Engine, *, retry_seconds: float, retries: Counter | None = None) -> None:
        self.engine = engine
        self._retry_seconds = retry_seconds
        self._retries = retries
        self._write_failed = False
        # A process that was cut off may have left something to do.
        self._needs_scrub = True
        sqlite = self._is_sqlite = engine.dialect.name == "sqlite"
        # Reads are single statements each; outside a transaction they spare PostgreSQL two round trips.
        reading = engine if sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = sessionmaker(reading, expire_on_commit=False)
        self._writers = sessionmaker(engine.execution_options(**{WRITES: True}), expire_on_commit=False)
        # SQLite lets waiting writers poll; a lock hands over between the threads of a process at once.
        self._turn: contextlib.AbstractContextManager[object] = (
            threading.Lock() if sqlite else contextlib.nullcontext()
        )

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Run a unit that changes nothing.

        Raises:
            DatabaseUnavailableError: The database cannot be reached.
        """
        return self._insist(lambda: self._once(self._readers, work))

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run a unit in a transaction that ends before this returns.

        After a deadlock, a serialization failure or a lost connection the unit is run again. A connection
        may be lost when the commit was done already, so a unit must find what an earlier run left.

        Raises:
            DatabaseUnavailableError: The database cannot be reached.
        """

        def once() -> Result:
            with self._turn:
                return self._once(self._writers, work)

        try:
            result = self._insist(once)
        except DatabaseUnavailableError:
            self._write_failed = True
            raise
        self._write_failed = False
        return result

    def scrub(self) -> None:
        """Take what was overwritten or deleted out of the database's files, where that is left to us.

        SQLite keeps earlier contents in its write-ahead log until that is emptied. PostgreSQL's files are
        its administrator's.

        Raises:
            DatabaseUnavailableError: Somebody still reads the earlier contents.
        """
        self._needs_scrub = self._is_sqlite
        if not self._is_sqlite:
            return
        try:
            with self._turn, contextlib.closing(self.engine.raw_connection()) as connection:
                [is_busy, *_] = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except (sqlite3.Error, PoolTimeoutError) as error:
            raise DatabaseUnavailableError("the write-ahead log cannot be emptied") from error
        if is_busy:
            raise DatabaseUnavailableError("the write-ahead log is in use")
        self._needs_scrub = False

    def scrub_if_needed(self) -> None:
        """Scrub if that has not been done since the start, or failed; a failure is left for the next time."""
        if self._needs_scrub:
            with contextlib.suppress(DatabaseUnavailableError):
                self.scrub()

    def compact(self) -> None:
        """Rewrite SQLite's file, without what earlier versions of this service left in its free space.

        Raises:
            DatabaseUnavailableError: Somebody else uses the database.
        """
        if not self._is_sqlite:
            return
        try:
            with self._turn, contextlib.closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("VACUUM")
        except (sqlite3.Error, PoolTimeoutError) as error:
            raise DatabaseUnavailableError("the database file cannot be compacted") from error
        self.scrub()

    def ping(self) -> None:
        """Ask the database whether it can read and write.

        Raises:
            DatabaseUnavailableError: It gives no answer, or takes no writes.
        """
        try:
            # The first try may meet a connection that was lost since its last use; it takes all such away.
            with contextlib.suppress(DBAPIError, DatabaseUnavailableError):
                return self._greet()
            return self._greet()
        except (DBAPIError, PoolTimeoutError) as error:
            raise DatabaseUnavailableError("the database gives no answer") from error

    def _greet(self) -> None:
        with self.engine.connect() as connection:
            takes_writes = connection.scalar(text(_TAKES_WRITES[self.engine.dialect.name]))
        if not takes_writes:
            # All pooled connections may lead to a server that has become a standby.
            self.engine.dispose()
            raise DatabaseUnavailableError("the database takes no writes")

    @property
    def write_failed(self) -> bool:
        """Whether the last write met a database that could not work, so that a read proves little."""
        return self._write_failed

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    @staticmethod
    def _once(sessions: "sessionmaker[Session]", work: Callable[[Session], Result]) -> Result:
        with sessions.begin() as session:
            return work(session)

    def _insist(self, attempt: Callable[[], Result]) -> Result:
        deadline = time.monotonic() + self._retry_seconds
        for number in itertools.count(1):
            try:
                return attempt()
            except (DBAPIError, PoolTimeoutError) as error:
                reason = transient_errors.transient_reason(error)
                if reason is None:
                    raise
                self._note(reason, number)
                if number == MAX_ATTEMPTS or time.monotonic() >= deadline:
                    raise DatabaseUnavailableError(f"gave up after {number} attempts: {reason}") from error
            time.sleep(_pause(number))
        raise AssertionError("the loop ends by returning or raising")

    def _note(self, reason: str, number: int) -> None:
        log.info("database attempt failed", extra={"reason": reason, "attempt": number})
        if self._retries is not None:
            self._retries.labels(reason).inc()


def _pause(number: int) -> float:
    """Return how long to wait after the attempt of that number, in seconds, random to part rivals."""
    longest = min(FIRST_PAUSE_SECONDS * 2**number, LONGEST_PAUSE_SECONDS)
    return random.uniform(longest / 2, longest)  # noqa: S311 - a pause is no secret
