"""The booking service as the kit sees it."""

from hotel_services.booking.api import api
from hotel_services.booking.settings import BookingSettings
from hotel_services.booking.tables import Base
from hotel_services.kit.http.service import Service

SERVICE = Service(
    name="booking",
    title="Booking service",
    description=(
        "What clients have booked, one booking for each reservation, and who makes which reservation: a "
        "reference that was claimed is refused to every other claimant."
    ),
    settings=BookingSettings,
    api=api,
    metadata=Base.metadata,
    migrations="hotel_services.booking:migrations/versions",
)
