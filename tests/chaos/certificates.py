"""The certificates by which workers know the engine, and their rotation."""

import ssl
from pathlib import Path

import trustme

HOST = "127.0.0.1"


class Certificates:
    """An authority whose file the workers trust, and a server's certificate that it has signed.

    Attributes:
        context: of the server: connections that begin from now on see its newest certificate.
        rotations: how often they were changed.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "engine-ca.pem"
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.rotations = 0
        self._authority = trustme.CA()
        self._sign()
        self.trust()

    def rotate(self) -> None:
        """Let another authority sign the server's certificate; nobody trusts it before `trust`."""
        self._authority = trustme.CA()
        self._sign()
        self.rotations += 1

    def trust(self) -> None:
        """Put the authority of now in the place of the one that the workers trust."""
        part = self.file.with_suffix(".part")
        self._authority.cert_pem.write_to_path(str(part))
        # As a volume with a Secret does it: nobody reads half of it.
        part.rename(self.file)

    def _sign(self) -> None:
        self._authority.issue_cert(HOST).configure_cert(self.context)
