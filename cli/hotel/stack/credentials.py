"""The passwords of a local stack: random, made once, kept with its state."""

import secrets
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from hotel.names import Role

_BYTES = 18


class Credentials(BaseModel):
    """A password for every engine user, and the token that the services ask of their callers."""

    model_config = ConfigDict(frozen=True)

    passwords: dict[Role, str] = Field(repr=False)
    service_token: str = Field(repr=False)

    @classmethod
    def random(cls) -> Self:
        """Make new ones."""
        return cls(
            passwords={role: secrets.token_urlsafe(_BYTES) for role in Role},
            service_token=secrets.token_urlsafe(_BYTES),
        )

    def engine_environment(self) -> dict[str, str]:
        """Return the engine's settings for its users' passwords."""
        return {f"ENGINE_{role.name}_PASSWORD": password for role, password in self.passwords.items()}
