"""The watch of ExternalTaskScalers, by kopf.

Low-level event handlers only: timers, daemons and change handlers would put finalizers and annotations on the
objects, and a scaler could then not be deleted while no operator runs.
"""

from collections.abc import Callable, Iterable
from typing import Any

import kopf

from external_task_operator.control.registry import Registry
from external_task_operator.spec import GROUP, PLURAL, VERSION


class _NoDiffs(kopf.DiffBaseStorage):
    """No difference between two events is asked for; to work it out takes a copy of each object."""

    def build(self, *, body: kopf.Body, extra_fields: Iterable[Any] | None = None) -> kopf.BodyEssence:  # noqa: ARG002
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nothing to keep."""


def create_handlers(scalers: Registry, on_change: Callable[[], None]) -> kopf.OperatorRegistry:
    """Return kopf's handlers.

    Args:
        scalers: told of every scaler.
        on_change: called when there is something new to act on.
    """
    handlers = kopf.OperatorRegistry()

    @kopf.on.startup(registry=handlers)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        configure_framework(settings)

    @kopf.on.login(registry=handlers)
    def login(**arguments: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_via_client(**arguments)

    # Asynchronous, for it waits for nothing, and a thread costs more: each status that is written comes back.
    @kopf.on.event(GROUP, VERSION, PLURAL, registry=handlers)
    async def observe(event: kopf.RawEvent, **_: Any) -> None:
        resource = event["object"]
        metadata = resource["metadata"]
        if event["type"] == "DELETED":
            scalers.drop(metadata["namespace"], metadata["name"], metadata["uid"])
        elif scalers.put(resource):
            on_change()

    return handlers


def configure_framework(settings: kopf.OperatorSettings) -> None:
    """Set kopf up as a mere watcher."""
    # Events are posted by this package; kopf would post its own chatter.
    settings.posting.enabled = False
    # Watching CRDs and namespaces takes cluster-wide rights, and nothing here needs it.
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.persistence.diffbase_storage = _NoDiffs()
    # What is refused ends the watch, which is then begun again and said to be missing meanwhile.
    settings.networking.error_backoffs = [1]
    settings.networking.request_timeout = 15
    settings.networking.connect_timeout = 5
    settings.watching.connect_timeout = 5
