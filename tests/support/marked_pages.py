"""Parts of a page of the docs that a program writes."""

from pathlib import Path


def put(text: str, page: Path, begin: str, end: str) -> None:
    """Put a text between two marks of a page.

    Raises:
        ValueError: the page has no such marks.
    """
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"{page} has no lines {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")
