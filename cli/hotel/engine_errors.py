"""The one place where errors of the engine's client become errors of this package."""

from collections.abc import Iterator
from contextlib import contextmanager

from external_tasks.errors import EngineError, EngineForbidden, EngineUnauthorized, EngineUnreachable

from hotel.errors import EngineFailure, Refused, Unreachable


@contextmanager
def translated() -> Iterator[None]:
    """Translate what the engine's client raises."""
    try:
        yield
    except EngineUnreachable as error:
        raise Unreachable(f"the engine is not reachable: {error}") from error
    except (EngineUnauthorized, EngineForbidden) as error:
        raise Refused(str(error)) from error
    except EngineError as error:
        raise EngineFailure(str(error)) from error
