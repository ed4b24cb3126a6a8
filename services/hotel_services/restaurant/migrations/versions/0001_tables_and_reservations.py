"""Tables, seatings and reservations, and the index by which a table is sold once."""

import sqlalchemy as sa
from alembic import op
from hotel_services.kit.database.columns import UtcDateTime, binary_text
from hotel_services.kit.migrations import steps
from hotel_services.shared import migration_steps

revision = "restaurant_0001"
down_revision = None
branch_labels = None
depends_on = None

SOLD = sa.text("state = 'reserved'")


def upgrade() -> None:
    steps.create_idempotency_keys()
    migration_steps.create_reservation_references()
    op.create_table(
        "dining_tables",
        sa.Column("table_id", binary_text(32), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("in_service", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("table_id", name="pk_dining_tables"),
    )
    op.create_table(
        "seatings",
        sa.Column("seating", sa.String(5), nullable=False),
        sa.PrimaryKeyConstraint("seating", name="pk_seatings"),
    )
    op.create_table(
        "table_reservations",
        sa.Column("table_reservation_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reservation_ref", binary_text(64), nullable=False),
        sa.Column("table_id", binary_text(32), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("seating", sa.String(5), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("table_reservation_id", name="pk_table_reservations"),
        sa.UniqueConstraint("reservation_ref", name="uq_table_reservations_reservation_ref"),
        sa.ForeignKeyConstraint(
            ["table_id"], ["dining_tables.table_id"], name="fk_table_reservations_table_id"
        ),
        sa.CheckConstraint("state IN ('reserved', 'cancelled')", name="ck_table_reservations_state"),
    )
    op.create_index("ix_table_reservations_table_id", "table_reservations", ["table_id"])
    op.create_index(
        "uq_table_reservations_sold_once",
        "table_reservations",
        ["date", "seating", "table_id"],
        unique=True,
        postgresql_where=SOLD,
        sqlite_where=SOLD,
    )
