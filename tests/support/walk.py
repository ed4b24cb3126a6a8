"""What a newcomer types of README and docs."""

import re

from support.charts import REPOSITORY
from support.documented import commands

PAGES = [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("docs/*.md"))]
# What is typed, in this order, by how it begins. A line of several pages is typed as each page has it.
WALK = [
    "make venv engine",
    "source .venv/bin/activate",
    "hotel up",
    "hotel ps",
    "hotel deploy",
    "hotel reserve --first-name",
    "hotel status REFERENCE",
    "cat reservation.json",
    "hotel reserve --file reservation.json",
    "hotel list",
    "hotel cancel REFERENCE",
    "hotel erase",
    "hotel down",
    "make demo",
    "python charts/generate.py",
    "pip install",
]


def typed(begin: str) -> list[str]:
    """Return the commands that begin so, each as some page has it."""
    found = [command for page in PAGES for command in commands(page) if command.startswith(begin)]
    return list(dict.fromkeys(re.sub(r"\s+#.*$", "", command) for command in found))
