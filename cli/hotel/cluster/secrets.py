"""Credentials of a release: where its objects say that they are, and what the cluster holds there."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotel.cluster.kubectl import Kubectl
from hotel.errors import MissingInCluster, Refused


@dataclass(frozen=True)
class Credential:
    """A value, or the key of a Secret that holds it.

    Attributes:
        secret: the Secret's name; None where the value itself is known.
        key: in the Secret.
        value: the value itself.
    """

    secret: str | None = None
    key: str = ""
    value: str | None = field(default=None, repr=False)

    @classmethod
    def of_variable(cls, variable: Mapping[str, Any]) -> "Credential | None":
        """Return what a container's environment variable says; None where it is from elsewhere."""
        if "value" in variable:
            return cls(value=variable["value"])
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        return cls(reference["name"], reference["key"]) if reference else None

    def read(self, kubectl: Kubectl, instead: str) -> str:
        """Return the value, asking the cluster where it is in a Secret.

        Args:
            kubectl: for the Secret's namespace.
            instead: the setting that a user may give, who has no right to read the Secret.

        Raises:
            HotelError: the Secret or its key is missing, or the user may not read it.
        """
        if self.secret is None:
            return self.value or ""
        try:
            data = kubectl.get("secret", self.secret).get("data") or {}
        except Refused as error:
            raise Refused(f"{error}, or set {instead}") from error
        except MissingInCluster as error:
            raise MissingInCluster(f"{error}, where the release has a password; or set {instead}") from error
        if self.key not in data:
            raise MissingInCluster(
                f"the Secret {self.secret} of the {kubectl.place()} has no key {self.key}, "
                f"which the release takes from it: add it, or set {instead}"
            )
        return _decoded(data[self.key], self.secret)


def _decoded(text: str, secret: str) -> str:
    try:
        # A file that a Secret was made from often ends in a line end, which is no part of a password.
        return base64.b64decode(text, validate=True).decode().rstrip("\r\n")
    except (binascii.Error, UnicodeDecodeError):
        # Without a cause: that would quote the secret.
        raise MissingInCluster(f"the Secret {secret} holds what is no text") from None
