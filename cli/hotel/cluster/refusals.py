"""The one place where what kubectl complains of becomes errors of this package."""

import re

from hotel.errors import ClusterError, HotelError, InvalidInput, MissingInCluster, Refused, Unreachable

_NOISE = re.compile(r"^[EWI]\d{4} ")
_LEAD = re.compile(
    r"^(error|Error in configuration|Error from server( \(\w+\))?|Unable to connect to the server): ",
    re.IGNORECASE,
)


def translated_refusal(text: str) -> HotelError:
    """Return the error that tells a user what kubectl's words mean and what to do."""
    words = _words(text)
    for pattern, kind, advice in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(f"{words}; {advice}" if advice else words)
    return ClusterError(f"kubectl failed: {words}")


def _words(text: str) -> str:
    """Return the lines that tell most, as part of a sentence."""
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip()]
    chosen = [line for line in lines if not _NOISE.match(line)] or lines or ["no reason given"]
    # One for each kind of object that is asked for; else the last line has the reason.
    errors = [_LEAD.sub("", line) for line in chosen if _LEAD.match(line)]
    return "; ".join(dict.fromkeys(errors or chosen[-1:]))


_KNOWN: tuple[tuple[str, type[HotelError], str], ...] = (
    (r"\(NotFound\)|doesn't have a resource type", MissingInCluster, ""),
    (
        r"context \S+ does not exist|context was not found|no context exists",
        InvalidInput,
        "`kubectl config get-contexts` lists those that there are",
    ),
    (
        r"invalid configuration|error loading config|current-context must exist",
        InvalidInput,
        "see `kubectl config view`",
    ),
    (r"\bis forbidden\b|\(Forbidden\)", Refused, "ask for a Role with this right"),
    (
        r"Unauthorized|must be logged in|provide credentials|getting credentials",
        Refused,
        "log in to the cluster: does `kubectl get pods` work?",
    ),
    (
        r"pod is not running|lost connection to pod|timed out waiting for the condition",
        Unreachable,
        "`kubectl get pods` shows why",
    ),
    (
        r"connect|timeout|timed out|no such host|no route to host|deadline exceeded|unreachable|EOF|TLS|x509",
        Unreachable,
        "is the cluster up, and --context the right one?",
    ),
)
