"""Who stays."""

from typing import Any

from external_tasks import Task

from hotel_worker.services import Services


def search_client(services: Services, task: Task, email: str) -> dict[str, Any]:
    """Look the client up by e-mail address."""
    found = services.client.search(task.id, email)
    if found is None:
        return {"client_found": False}
    return {"client_found": True, "client_id": found.client_id}


def create_client(
    services: Services, task: Task, first_name: str, last_name: str, email: str, phone: str | None = None
) -> dict[str, Any]:
    """Make the client; where another reservation was faster, its client is taken."""
    names = {"first_name": first_name.strip(), "last_name": last_name.strip()}
    person = {**names, "email": email, "phone": phone}
    return {"client_id": services.client.create(task.id, person).client_id}
