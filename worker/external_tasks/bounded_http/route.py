"""How a server is reached: whom to trust, what to show, and through which proxy."""

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]  # typeshed lacks the second
    getproxies_environment,
    proxy_bypass_environment,
)

from external_tasks import checks

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_PROXY_EXAMPLE = "http://proxy.example.com:3128 or http://user:password@proxy.example.com:3128"


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate that a client shows to a server which asks for one (mutual TLS).

    The files are read for each new connection, so a renewed certificate is used without a restart.

    Args:
        cert_file: PEM file with the certificate, and those between it and its authority.
        key_file: PEM file with the private key; None if it stands in `cert_file`.
        key_password: of an encrypted key.

    Raises:
        ValueError: a file is missing or unreadable, is no PEM file of its kind, or key and certificate or the
            password do not belong together.
    """

    cert_file: str | PathLike[str]
    key_file: str | PathLike[str] | None = None
    key_password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check_file("cert_file", self.cert_file)
        if self.key_file is not None:
            _check_file("key_file", self.key_file)
        if self.key_password is not None:
            checks.secret("key_password", self.key_password)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            # An empty password instead of none: OpenSSL would ask for one at the terminal.
            context.load_cert_chain(self.cert_file, self.key_file, self.key_password or "")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ValueError(_why_no_certificate(self, error)) from None

    @property
    def options(self) -> dict[str, Any]:
        """What urllib3 calls it."""
        return {
            "cert_file": str(self.cert_file),
            "key_file": str(self.key_file or self.cert_file),
            "key_password": self.key_password,
        }


@dataclass(frozen=True)
class Route:
    """The way to a server.

    Args:
        ca_file: PEM file with the certificates to trust instead of the system's, for server and proxy.
        client_certificate: shown to the server; only over https.
        proxy: URL of an HTTP or HTTPS proxy, with its user and password if it asks for them. Calls to https
            URLs pass it as a tunnel that it cannot look into.

    Raises:
        ValueError: an argument cannot be used; no message shows the proxy's URL.
    """

    ca_file: str | PathLike[str] | None = None
    client_certificate: ClientCertificate | None = None
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.ca_file is not None:
            _check_authorities(self.ca_file)
        if self.client_certificate is not None and not isinstance(self.client_certificate, ClientCertificate):
            raise ValueError(
                "client_certificate must be a ClientCertificate(cert_file, key_file), "
                f"not {type(self.client_certificate).__name__}"
            )
        if self.proxy is not None:
            _check_proxy(self.proxy)

    def check_for(self, url: str) -> None:
        """Check that this way can lead to a URL.

        Raises:
            ValueError: a certificate is to be shown over http, where nobody asks for one.
        """
        if self.client_certificate is not None and not url.startswith("https:"):
            raise ValueError("client_certificate needs a URL that begins with https")

    @property
    def tls(self) -> dict[str, Any]:
        """The options of TLS by urllib3's names."""
        options = {} if self.client_certificate is None else self.client_certificate.options
        return options | ({} if self.ca_file is None else {"ca_certs": str(self.ca_file)})

    @property
    def proxy_address(self) -> str | None:
        """The proxy's URL without user and password."""
        if self.proxy is None:
            return None
        parts = urlsplit(self.proxy)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def proxy_headers(self) -> Mapping[str, str]:
        """What the proxy, and it alone, is sent."""
        parts = urlsplit(self.proxy or "")
        if not parts.username:
            return {}
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return {"Proxy-Authorization": f"Basic {b64encode(credentials.encode()).decode('ascii')}"}


def proxy_from_environment(url: str) -> str | None:
    """Return the proxy that HTTPS_PROXY or HTTP_PROXY names for a URL; None if there is none for it.

    NO_PROXY holds the hosts to reach without it, separated by commas: each with all below it
    (``example.com``, ``.example.com``, ``localhost:8080``), or ``*`` for all; ranges of addresses
    (``10.0.0.0/8``) are not known. Names in small letters count too, and count more.
    """
    parts = urlsplit(checks.text("url", url))
    found = getproxies_environment()
    if proxy_bypass_environment(parts.netloc.rpartition("@")[2], found):
        return None
    return found.get(parts.scheme) or None


def _check_file(name: str, path: Any) -> None:
    if not isinstance(path, str | PathLike) or not Path(path).is_file():
        raise ValueError(f"{name} must be an existing PEM file, not {path!r}")


def _check_authorities(path: Any) -> None:
    _check_file("ca_file", path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(
            f"ca_file must hold certificates in PEM form that can be read, but {path!r} does not "
            f"({_ssl_reason(error)})"
        ) from None


def _check_proxy(url: Any) -> None:
    problem = f"proxy must look like {_PROXY_EXAMPLE}; percent-encode other letters"
    if not isinstance(url, str) or not _VISIBLE_ASCII.fullmatch(url):
        raise ValueError(problem)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(problem)
    if parts.path not in {"", "/"} or "?" in url or "#" in url:
        raise ValueError(f"proxy must end with its host and port: it must look like {_PROXY_EXAMPLE}")


def _why_no_certificate(certificate: ClientCertificate, error: Exception) -> str:
    reason = _ssl_reason(error)
    key = certificate.key_file or certificate.cert_file
    if reason == "KEY_VALUES_MISMATCH":
        return f"key_file {str(key)!r} is not the key of the certificate in {str(certificate.cert_file)!r}"
    if "ENCRYPTED" in _text_of(key):
        return f"key_password does not open the encrypted key in {str(key)!r}"
    return (
        f"cert_file {str(certificate.cert_file)!r} and key_file {str(key)!r} must hold a certificate and its "
        f"private key in PEM form that can be read ({reason})"
    )


def _ssl_reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__)


def _text_of(path: str | PathLike[str]) -> str:
    try:
        return Path(path).read_text("ascii", "replace")
    except OSError:
        return ""
