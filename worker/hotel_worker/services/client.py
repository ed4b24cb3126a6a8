"""The client service: the people who stay."""

from typing import Any

from hotel_worker.services.http import Answer, ServiceClient


class Client(Answer):
    """A client, as far as the process needs one."""

    client_id: str


class Search(Answer):
    """The client of an e-mail address, if there is one."""

    client: Client | None = None


class ClientService:
    """The calls of the process to the client service."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def search(self, task_id: str, email: str) -> Client | None:
        """Look a client up by e-mail address."""
        found = self._http.get("/api/client/search", Search, task_id=task_id, query={"email": email})
        return found.client

    def create(self, task_id: str, client: dict[str, Any]) -> Client:
        """Make a client, or return the one that has this e-mail address by now."""
        return self._http.post("/api/client/create", client, Client, task_id=task_id)
