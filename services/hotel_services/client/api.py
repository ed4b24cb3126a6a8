"""The client service's HTTP operations."""

from http import HTTPStatus

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotel_services.client import clients
from hotel_services.client.models import (
    ClientPage,
    ClientView,
    CreateRequest,
    SearchQuery,
    SearchView,
    UpdateRequest,
)
from hotel_services.client.tables import Client
from hotel_services.kit.http.fields import Identifier
from hotel_services.kit.http.operations import Answer, Api
from hotel_services.kit.http.paging import PageQuery, fetch_page
from hotel_services.kit.http.problems import NOT_FOUND

api = Api("/api/client")


@api.get("/search", answers=SearchView)
def search_client(session: Session, query: SearchQuery) -> SearchView:
    """Find a client by e-mail address.

    Case and the way in which a character is composed make no difference; domains are compared by IDNA 2008.
    """
    client = clients.find_by_email(session, query.email)
    found = ClientView.model_validate(client) if client else None
    return SearchView(found=found is not None, client=found)


@api.post("/create", answers={HTTPStatus.CREATED: ClientView, HTTPStatus.OK: ClientView})
def create_client(session: Session, body: CreateRequest) -> Answer:
    """Add a client.

    If one has the e-mail address already, that one is the answer, unchanged (200).
    """
    client, is_new = clients.create(session, body)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return Answer(ClientView.model_validate(client), status, subject=client.client_id)


@api.get("/clients", answers=ClientPage)
def list_clients(session: Session, query: PageQuery) -> ClientPage:
    """List the clients, the youngest first."""
    wanted = select(Client).order_by(Client.created_at.desc(), Client.client_id)
    rows, total = fetch_page(session, wanted, query)
    items = [ClientView.model_validate(client) for (client,) in rows]
    return ClientPage(items=items, total=total, limit=query.limit, offset=query.offset)


@api.get("/clients/{client_id}", answers=ClientView)
def get_client(session: Session, client_id: Identifier) -> ClientView:
    """Show a client."""
    return ClientView.model_validate(clients.get(session, client_id))


@api.patch(
    "/clients/{client_id}",
    answers=ClientView,
    problems=(NOT_FOUND, clients.EMAIL_TAKEN, clients.CLIENT_ERASED),
)
def update_client(session: Session, client_id: Identifier, body: UpdateRequest) -> ClientView:
    """Change a client; fields that are left out stay as they are."""
    return ClientView.model_validate(clients.change(session, client_id, body))


@api.post("/clients/{client_id}/erase", answers={HTTPStatus.OK: ClientView}, scrubs=True)
def erase_client(session: Session, client_id: Identifier) -> ClientView:
    """Erase a client's personal data, also in answers that are kept for retries.

    What remains is the client's id, when it was made and when it was erased, so that bookings keep what they
    refer to; no other service holds personal data. The e-mail address is free again. If the request fails,
    send it again: an erasure can be repeated.
    """
    return ClientView.model_validate(clients.erase(session, client_id))
