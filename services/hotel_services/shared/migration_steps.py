"""Migration steps for the shared tables; services' versions call them: a released one never changes."""

import sqlalchemy as sa
from alembic import op

from hotel_services.kit.database.columns import UtcDateTime, binary_text


def create_reservation_references() -> None:
    """Make the table of `shared.references`, first form."""
    op.create_table(
        "reservation_references",
        sa.Column("reservation_ref", binary_text(64), nullable=False),
        sa.Column("cancelled_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("reservation_ref", name="pk_reservation_references"),
    )
