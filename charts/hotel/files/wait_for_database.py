"""Waits until the database lets its user in, and says why it does not.

A component that started without its database would fall into a crash loop. The password is read anew at each
attempt, so a Secret that is made or corrected later needs no new pod.
"""

import os
import time
from pathlib import Path

import psycopg

PASSWORD = Path("/etc/database/password")


def obstacle() -> str:
    """Return why the database cannot be used; nothing when it can."""
    try:
        psycopg.connect(password=PASSWORD.read_text()).close()
    except FileNotFoundError:
        return f"its password is missing, {os.environ['LOGIN_FROM']}"
    except psycopg.OperationalError as refusal:
        return " ".join(str(refusal).split())
    return ""


said = ""
while found := obstacle():
    if found != said:
        print("waiting for the database:", found, flush=True)
    said = found
    time.sleep(1)
