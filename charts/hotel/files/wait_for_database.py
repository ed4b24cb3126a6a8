"""Waits until the database lets its user in, and says why it does not.

A component that started without its database would fall into a crash loop. The password is read again at each
attempt, so a Secret that is made or corrected later needs no new pod.
"""

import os
import signal
import sys
import time
from pathlib import Path

import psycopg

PASSWORD = Path("/etc/database/password")


def obstacle() -> str:
    """Return why the database cannot be used; an empty text when it can."""
    try:
        password = PASSWORD.read_bytes().decode()
        if password.endswith(("\n", "\r")):
            source = os.environ["LOGIN_FROM"]
            return f"{source} ends in a newline, which does not belong to a password: make it without"
        # The driver's messages name the host only if it is given here.
        psycopg.connect(host=os.environ["PGHOST"], password=password).close()
    except FileNotFoundError:
        return f"its password is missing, {os.environ['LOGIN_FROM']}"
    except psycopg.OperationalError as refusal:
        return " ".join(str(refusal).split())
    return ""


# The first process of a container ends on a signal only if it says so.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
said = ""
while found := obstacle():
    if found != said:
        print("waiting for the database:", found, flush=True)
    said = found
    time.sleep(1)
