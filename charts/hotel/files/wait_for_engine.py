"""Waits until the engine answers, and says why it does not."""

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus

URL = os.environ["HOTEL_ENGINE_URL"] + "/version"


def obstacle() -> str:
    """Return why the engine cannot be used; an empty text when it can."""
    try:
        urllib.request.urlopen(URL, timeout=5).close()
    except urllib.error.HTTPError as answer:
        # Any other answer means that it is up, and asks for a password.
        return str(answer) if answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    except OSError as problem:
        return str(problem)
    return ""


# The first process of a container ends on a signal only if it says so.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
said = ""
while found := obstacle():
    if found != said:
        print("waiting for the engine:", found, flush=True)
    said = found
    time.sleep(1)
