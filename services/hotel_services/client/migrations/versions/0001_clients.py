"""Clients, one for each e-mail address."""

import sqlalchemy as sa
from alembic import op
from hotel_services.kit.database.columns import UtcDateTime
from hotel_services.kit.migrations import steps

revision = "client_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_idempotency_keys()
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("email_key", sa.String(64)),
        sa.Column("phone", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("client_id", name="pk_clients"),
        sa.UniqueConstraint("email_key", name="uq_clients_email_key"),
    )
    op.create_index("ix_clients_created_at", "clients", ["created_at"])
