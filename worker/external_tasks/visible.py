"""Text of others, such as an engine's message or a worker's id, made safe to show in a terminal.

A terminal obeys control characters: they clear the screen, change its title or hide a line. Others change the
order of letters, or take no room, so that a text looks like another one.
"""

import logging
import re
import unicodedata

# Control characters, halves of surrogate pairs, line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# The joiners are part of how some languages and emoji are written.
_JOINERS = frozenset({"\u200c", "\u200d"})
_UNUSUAL = re.compile(r"[^ -~]")


def visible(text: str) -> str:
    r"""Return a text with its control and invisible characters written as escapes, e.g. `\x1b`."""
    return _UNUSUAL.sub(lambda found: _escaped(found.group()), text)


def visible_lines(text: str) -> str:
    """Return a text of several lines, each made visible; lines after the first are indented."""
    first, *others = text.split("\n")
    return "\n".join([visible(first), *(f"  {visible(line.removeprefix('  '))}" for line in others)])


def is_unsafe(character: str) -> bool:
    """Whether a terminal may obey a character, or show nothing for it."""
    category = unicodedata.category(character)
    return category in _UNSAFE_CATEGORIES or (category == "Cf" and character not in _JOINERS)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii") if is_unsafe(character) else character


class TextFormatter(logging.Formatter):
    """Writes a line for people, and below it the traceback of an unexpected error, if any.

    Messages may quote what a stranger wrote. So what a terminal obeys is written as escapes, and each event
    stays on its line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        alone = logging.makeLogRecord(vars(record))
        alone.exc_info = alone.exc_text = alone.stack_info = None
        lines = [visible(super().format(alone))]
        below = [getattr(record, "traceback", None), record.stack_info]
        if record.exc_info and any(record.exc_info):
            below.append(self.formatException(record.exc_info))
        for text in below:
            if isinstance(text, str):
                lines += [f"    {visible(line)}" for line in text.rstrip().split("\n")]
        return "\n".join(lines)
