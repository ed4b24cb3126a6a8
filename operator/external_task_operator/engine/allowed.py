"""Which engines scalers may name, so that a shared operator calls no hosts of a user's choice."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

OWN_NAMESPACE = "{namespace}"
"""Stands for the scaler's own namespace in a pattern."""

_SERVICE = re.compile(r"(.+\.svc)\.cluster\.local")


@dataclass(frozen=True)
class AllowedEngines:
    """The hosts that engine URLs may have; without patterns every host.

    Attributes:
        patterns: hosts (``engine.example.com``) and domains, for all hosts below them (``*.example.com``).
            A Service is known by ``NAME.NAMESPACE.svc``, so ``*.hotel.svc`` is every Service of the namespace
            hotel, and ``*.{namespace}.svc`` every Service of the scaler's own namespace.
    """

    patterns: tuple[str, ...] = ()

    def allows(self, url: str, namespace: str) -> bool:
        """Tell whether a scaler of a namespace may name this URL."""
        host = _normal(urlsplit(url).hostname or "")
        return not self.patterns or any(
            _matches(host, _normal(pattern.replace(OWN_NAMESPACE, namespace))) for pattern in self.patterns
        )

    def refusal(self, url: str, field: str) -> str:
        """Say why a URL of a field below ``spec.engine`` is refused, and what to do."""
        return (
            f"spec.engine.{field}: this operator calls nothing at {urlsplit(url).hostname}: name one of "
            f"{', '.join(self.patterns)}, or have the host added to OPERATOR_ALLOWED_ENGINES"
        )


EVERY_ENGINE = AllowedEngines()


def _normal(host: str) -> str:
    host = host.lower().removesuffix(".")
    service = _SERVICE.fullmatch(host)
    return service[1] if service else host


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and host != pattern[1:]
    return host == pattern
