"""What time it is for an engine: its answers carry a Date, and ages of its tasks are by its clock."""

import logging
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import urllib3
from external_tasks.engine.auth import Auth
from urllib3.exceptions import HTTPError

log = logging.getLogger(__name__)

_ASK_SECONDS = 60.0
# A Date has whole seconds, so the time is on average half a second later.
_HALF_SECOND = 0.5


class EngineClock:
    """The clock of one engine, asked at most once a minute; the operator's own as long as it is not known.

    Args:
        url: root of the REST API.
        auth: credentials.
        ca_file: PEM file with the certificates to trust instead of the system's.
        certificate_file: PEM file with the operator's own certificate and its key.
        timeout: seconds to wait for an answer.
        clock: monotonic seconds.
        wall: seconds of the epoch by the operator's clock.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: Auth | None = None,
        ca_file: str | None = None,
        certificate_file: str | None = None,
        timeout: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._path = f"{urlsplit(url).path.rstrip('/')}/version"
        self._auth = auth
        self._timeout = timeout
        self._clock = clock
        self._wall = wall
        self._lock = Lock()
        self._ahead = 0.0
        self._asked_at = float("-inf")
        files = {"ca_certs": ca_file, "cert_file": certificate_file}
        options: dict[str, Any] = {name: file for name, file in files.items() if file}
        self._pool = urllib3.connection_from_url(url, maxsize=1, **options)

    def now(self) -> float:
        """Return the seconds of the epoch by the engine's clock."""
        with self._lock:
            if self._clock() - self._asked_at >= _ASK_SECONDS:
                self._asked_at = self._clock()
                self._ask()
            return self._wall() + self._ahead

    def close(self) -> None:
        """Close the idle connection."""
        self._pool.close()

    def _ask(self) -> None:
        headers = {"Authorization": self._auth.authorization()} if self._auth else {}
        began = self._wall()
        try:
            # Any answer will do, a refusal too; only its head is of interest.
            answer = self._pool.urlopen(
                "HEAD", self._path, headers=headers, retries=False, redirect=False, timeout=self._timeout
            )
            date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except (HTTPError, KeyError, TypeError, ValueError) as error:
            log.debug("The engine's clock is not known", extra={"error": repr(error)})
            return
        self._ahead = date + _HALF_SECOND - (began + self._wall()) / 2
