"""Rooms and stays, and the constraint that no two active stays of a room overlap."""

import sqlalchemy as sa
from alembic import op
from hotel_services.kit.database.columns import UtcDateTime, binary_text
from hotel_services.kit.migrations import steps
from hotel_services.shared import migration_steps

revision = "room_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_idempotency_keys()
    migration_steps.create_reservation_references()
    op.create_table(
        "room_types",
        sa.Column("room_type", binary_text(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("room_type", name="pk_room_types"),
    )
    op.create_table(
        "rooms",
        sa.Column("room_id", binary_text(32), nullable=False),
        sa.Column("room_type", binary_text(16), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name="pk_rooms"),
        sa.ForeignKeyConstraint(["room_type"], ["room_types.room_type"], name="fk_rooms_room_type"),
    )
    op.create_index("ix_rooms_room_type", "rooms", ["room_type"])
    op.create_table(
        "stays",
        sa.Column("stay_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reservation_ref", binary_text(64), nullable=False),
        sa.Column("room_id", binary_text(32), nullable=False),
        sa.Column("check_in", sa.Date(), nullable=False),
        sa.Column("check_out", sa.Date(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("stay_id", name="pk_stays"),
        sa.UniqueConstraint("reservation_ref", name="uq_stays_reservation_ref"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.room_id"], name="fk_stays_room_id"),
        sa.CheckConstraint("check_out > check_in", name="ck_stays_nights"),
        sa.CheckConstraint("state IN ('held', 'confirmed', 'released', 'expired')", name="ck_stays_state"),
    )
    op.create_index("ix_stays_room_id_check_out", "stays", ["room_id", "check_out"])
    op.create_index("ix_stays_state_expires_at", "stays", ["state", "expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        steps.require_extension("btree_gist")
        op.execute(
            "ALTER TABLE stays ADD CONSTRAINT no_overlap EXCLUDE USING gist "
            "(room_id WITH =, daterange(check_in, check_out, '[)') WITH &&) "
            "WHERE (state IN ('held', 'confirmed'))"
        )
