"""Make the pictures of README.md from a stack that this script starts: Cockpit, and `hotel tasks --watch`.

    PYTHONPATH=tests python docs/screenshots.py

The worker is stopped on purpose, so that reservations wait for one and there is something to see.
"""

import fcntl
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any, Final

import psutil
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from support.browser import chromium

FOLDER: Final = Path(__file__).parent
LIMIT: Final = 200_000
SECONDS: Final = 120
PAINTED: Final = 2  # seconds until a browser has moved and painted everything
GUESTS: Final = ("Jean Martin", "Ada Laurent", "Noor Haddad")
RESERVE: Final = ("--room-type", "B", "--guests", "2", "--table", "--no-wait")
# All but colours: `m` ends those.
CONTROLS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")
# Of the fonts' own site, which a reader's browser must not ask.
WEB_FONTS: Final = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


class Hotel:
    """The command, for a stack of its own."""

    def __init__(self, home: Path) -> None:
        self._program = str(Path(sys.executable).with_name("hotel"))
        self._environment = {**os.environ, "HOTEL_HOME": str(home), "TERM": "xterm", "COLUMNS": "100"}

    def __call__(self, *arguments: str) -> str:
        """Run it to its good end and return what it prints."""
        command = [self._program, *arguments]
        return subprocess.run(
            command, env=self._environment, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    def watch(self) -> str:
        """Return what `hotel tasks --watch` shows first."""
        # A terminal, since only there the command shows when it looked.
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        shown = b""
        with subprocess.Popen(
            [self._program, "tasks", "--watch"], env=self._environment, stdin=its, stdout=its
        ) as watching:
            try:
                while b"Ctrl-C ends it" not in shown and select.select([ours], [], [], SECONDS)[0]:
                    shown += os.read(ours, 65_536)
            finally:
                watching.terminate()
                os.close(its)
        os.close(ours)
        return (
            CONTROLS.sub("", shown.decode()).replace("\r", "").partition("Ctrl-C ends it")[0]
            + "Ctrl-C ends it"
        )


def waiting_reservations(hotel: Hotel) -> None:
    """Start reservations and return when all wait."""
    for number, guest in enumerate(GUESTS):
        first, last = guest.split()
        days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() + (30 + n) * 86_400)) for n in (number, 7)]
        person = ["--first-name", first, "--last-name", last, "--email", f"{first.lower()}@example.com"]
        hotel("reserve", *person, *RESERVE, "--check-in", days[0], "--check-out", days[1])
    deadline = time.monotonic() + SECONDS
    while not re.search(rf"validate-input +{len(GUESTS)} ", seen := hotel("tasks")):
        if time.monotonic() > deadline:
            sys.exit(f"not all reservations wait after {SECONDS} s:\n{seen}")
        time.sleep(1)


def terminal(text: str, title: str) -> str:
    """Return a picture of a terminal as SVG, which asks no other server for fonts."""
    content = Text(f"$ {title}\n") + Text.from_ansi(text)
    width = max(len(line) for line in content.plain.splitlines())
    console = Console(record=True, file=io.StringIO(), width=width + 2)
    console.print(content)
    picture = console.export_svg(
        title=title, code_format=WEB_FONTS.sub("", CONSOLE_SVG_FORMAT), unique_id="hotel"
    )
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


def cockpit(browser: Chrome, address: str, password: str) -> bytes:
    """Return a picture of the reservation's diagram in Cockpit, with the instances that wait in it."""
    root = address.rstrip("/") + "/"
    browser.set_window_size(1280, 720)

    def shown(selector: str) -> Any:
        return WebDriverWait(browser, SECONDS).until(
            lambda chrome: next(
                (e for e in chrome.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()), None
            )
        )

    browser.get(f"{root}#/processes")
    shown("form input[type=text]").send_keys("admin")
    shown("form input[type=password]").send_keys(password)
    shown("form button[type=submit]").click()
    WebDriverWait(browser, SECONDS).until(
        lambda chrome: (
            chrome.find_elements(By.PARTIAL_LINK_TEXT, "reservation")
            or chrome.find_elements(By.PARTIAL_LINK_TEXT, "Reservation")
        )
    )
    links = browser.find_elements(By.CSS_SELECTOR, "a[href*='process-definition']")
    next(link for link in links if "reservation" in link.text.lower()).click()
    shown(".djs-overlays .badge, .djs-overlay .badge")
    # The diagram alone: the list below it is the same for every process.
    shown(".maximize-collapsable .glyphicon-resize-full").click()
    shown("[title='Reset zoom'], .glyphicon-screenshot").click()
    time.sleep(PAINTED)
    return bytes(browser.get_screenshot_as_png())


def kept(name: str, content: bytes) -> None:
    """Write a picture, unless it is too large to be kept with the sources."""
    if len(content) > LIMIT:
        sys.exit(f"{name} has {len(content)} bytes, more than {LIMIT}: make the window smaller")
    (FOLDER / name).write_bytes(content)
    print(f"docs/{name}: {len(content)} bytes", flush=True)


def main() -> None:
    """Start a stack, make the pictures, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        hotel = Hotel(Path(folder) / "home")
        hotel("up", "--ports", "auto")
        try:
            parts = json.loads(hotel("ps", "--json", "--passwords"))
            pid = next(part["pid"] for part in parts["parts"] if part["name"] == "worker-1")
            worker = psutil.Process(pid)
            worker.terminate()
            psutil.wait_procs([worker], timeout=SECONDS)
            waiting_reservations(hotel)
            kept("tasks.svg", terminal(hotel.watch(), "hotel tasks --watch").encode())
            profile = Path(folder) / "profile"
            profile.mkdir()
            with chromium(profile) as browser:
                kept("cockpit.png", cockpit(browser, parts["cockpit"], parts["users"]["admin"]))
        finally:
            hotel("down")


if __name__ == "__main__":
    main()
