"""A headless Chromium, as people use the web applications."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

# Nothing but the page under test: no sandbox for root, no calls of the browser's own.
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Start a browser with a profile of its own in an empty folder."""
    options = ChromeOptions()
    options.binary_location = _find("chromium")
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=ChromeService(_find("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()


def _find(program: str) -> str:
    path = shutil.which(program)
    assert path, f"there is no {program}: run `.ci/tools browser`"
    return path
