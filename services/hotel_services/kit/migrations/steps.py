"""Migration steps for the kit's own tables; services' versions call them: a released one never changes."""

import sqlalchemy as sa
from alembic import op

from hotel_services.kit.database.columns import UtcDateTime, binary_text
from hotel_services.kit.migrations.schema import SchemaError


def create_idempotency_keys() -> None:
    """Make the table of `kit.idempotency`, first form."""
    op.create_table(
        "idempotency_keys",
        sa.Column("idempotency_key", binary_text(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text()),
        sa.Column("subject", sa.String(64)),
        sa.PrimaryKeyConstraint("idempotency_key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_index("ix_idempotency_keys_subject", "idempotency_keys", ["subject"])


def require_extension(name: str) -> None:
    """Make sure that PostgreSQL's extension is in the database.

    Raises:
        SchemaError: It is not, and our user may not add it.
    """
    connection = op.get_bind()
    found = sa.text("SELECT 1 FROM pg_extension WHERE extname = :name")
    if connection.execute(found, {"name": name}).first():
        return
    try:
        op.execute(f"CREATE EXTENSION {name}")
    except sa.exc.DBAPIError as error:
        raise SchemaError(
            f"PostgreSQL's extension {name} is missing and cannot be added ({error.orig}). "
            f"Let an administrator run CREATE EXTENSION {name} here, or install postgresql-contrib"
        ) from error
