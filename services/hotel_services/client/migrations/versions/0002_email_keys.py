"""Find clients by e-mail addresses as IDNA 2008 compares them."""

import hashlib
import logging

import sqlalchemy as sa
from alembic import op
from hotel_rules.emails import canonical_email
from hotel_rules.errors import RuleError

revision = "client_0002"
down_revision = "client_0001"

_CLIENTS = sa.table(
    "clients", sa.column("client_id"), sa.column("email"), sa.column("email_key"), sa.column("created_at")
)
log = logging.getLogger(__name__)


def upgrade() -> None:
    connection = op.get_bind()
    wanted = sa.select(_CLIENTS.c.client_id, _CLIENTS.c.email).where(_CLIENTS.c.email_key.is_not(None))
    clients = connection.execute(wanted.order_by(_CLIENTS.c.created_at, _CLIENTS.c.client_id)).all()
    keys: dict[str, str] = {}
    for client_id, email in clients:
        # Of several clients with one address the oldest is found by it; an invalid address finds nobody.
        if (key := _key(email)) is not None:
            keys.setdefault(key, client_id)
    connection.execute(sa.update(_CLIENTS).values(email_key=None))
    for key, client_id in keys.items():
        found = _CLIENTS.c.client_id == client_id
        connection.execute(sa.update(_CLIENTS).where(found).values(email_key=key))
    if lost := len(clients) - len(keys):
        log.warning("clients that cannot be found by e-mail address any more", extra={"clients": lost})


def _key(email: str) -> str | None:
    try:
        return hashlib.sha256(canonical_email(email).encode()).hexdigest()
    except RuleError:
        return None
