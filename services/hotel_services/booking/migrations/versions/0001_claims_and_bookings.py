"""Claims and bookings, one of each for a reservation."""

import sqlalchemy as sa
from alembic import op
from hotel_services.kit.database.columns import UtcDateTime, binary_text
from hotel_services.kit.migrations import steps
from hotel_services.shared import migration_steps

revision = "booking_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_idempotency_keys()
    migration_steps.create_reservation_references()
    op.create_table(
        "claims",
        sa.Column("reservation_ref", binary_text(64), nullable=False),
        sa.Column("claimant", binary_text(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("reservation_ref", name="pk_claims"),
    )
    op.create_table(
        "bookings",
        sa.Column("booking_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reservation_ref", binary_text(64), nullable=False),
        sa.Column("client_id", binary_text(64), nullable=False),
        sa.Column("room_id", binary_text(64), nullable=False),
        sa.Column("check_in", sa.Date(), nullable=False),
        sa.Column("check_out", sa.Date(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("table_id", binary_text(64)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("booking_id", name="pk_bookings"),
        sa.UniqueConstraint("reservation_ref", name="uq_bookings_reservation_ref"),
        sa.CheckConstraint("check_out > check_in", name="ck_bookings_nights"),
        sa.CheckConstraint("status IN ('pending', 'confirmed', 'cancelled')", name="ck_bookings_status"),
    )
    op.create_index("ix_bookings_client_id", "bookings", ["client_id"])
    op.create_index("ix_bookings_room_id_check_out", "bookings", ["room_id", "check_out"])
    op.create_index("ix_bookings_check_out", "bookings", ["check_out"])
    op.create_index("ix_bookings_created_at", "bookings", ["created_at"])
