"""Names that users write into a scaler: which forms are allowed, and how a name becomes part of a URL.

The patterns are those of the CRD. The program checks them too: an object that was stored before the CRD had a
check is never validated again, and a name decides which object of the API is read.
"""

import re
from urllib.parse import quote

from external_task_operator.errors import UnsafeName

OBJECT_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
"""Names of Kubernetes objects: DNS subdomains, at most 253 characters."""

API_VERSION_PATTERN = (
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/v[0-9]+((alpha|beta)[0-9]+)?$"
)
"""Group and version of an API, as ``argoproj.io/v1alpha1``, at most 253 characters."""

KIND_PATTERN = r"^[A-Z][A-Za-z0-9]*$"
"""Kinds of objects, at most 63 characters."""

CRON_PATTERN = r"^[-0-9A-Za-z*/,#]+( [-0-9A-Za-z*/,#]+){4}$"
"""Cron expressions of five fields, at most 100 characters."""

ZONE_PATTERN = r"^[A-Za-z][-+_A-Za-z0-9]*(/[-+_A-Za-z0-9]+)*$"
"""Names of time zones, as ``Europe/Berlin``, at most 64 characters."""

KEY_PATTERN = r"^[-._a-zA-Z0-9]+$"
"""Keys of Secrets and ConfigMaps, at most 253 characters."""

TEXT_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""Topics and keys of process definitions: anything without control characters, at most 255 characters."""

_LABEL = r"[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?"
_HOST = rf"({_LABEL}(\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])"
_PORT = r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_PATH = r"(/[-._~A-Za-z0-9]*)*"
URL_PATTERN = f"^https?://{_HOST}{_PORT}{_PATH}$"
"""URLs of engines: no credentials, query, fragment, escapes, spaces or control characters."""

_HOST_PATTERN = re.compile(r"(\*\.)?([-_.:A-Za-z0-9]|\{namespace\})+")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# Half of a surrogate pair comes out of JSON, and cannot be sent.
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\ud800-\udfff]")


def is_namespace(name: str) -> bool:
    """Tell whether a text can be the name of a namespace."""
    return _NAMESPACE.fullmatch(name) is not None


def is_host_pattern(text: str) -> bool:
    """Tell whether a text can be a host, or ``*.`` and a domain; ``{namespace}`` may be part of it."""
    return _HOST_PATTERN.fullmatch(text) is not None


def segment(name: object) -> str:
    """Quote a name as exactly one segment of a URL's path.

    Raises:
        UnsafeName: it is empty, ``.`` or ``..``, or contains a slash, a backslash or a control character.
    """
    if not isinstance(name, str) or name in {"", ".", ".."} or _UNSENDABLE.search(name):
        raise UnsafeName(f"{name!r} cannot be the name of an object: it would change the URL it is part of")
    return quote(name, safe="")
