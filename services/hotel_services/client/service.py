"""The client service as the kit sees it."""

from hotel_services.client.api import api
from hotel_services.client.settings import ClientSettings
from hotel_services.client.tables import Base
from hotel_services.kit.http.service import Service

SERVICE = Service(
    name="client",
    title="Client service",
    description=(
        "The people who make reservations, one for each e-mail address. Personal data are never logged "
        "and can be erased."
    ),
    settings=ClientSettings,
    api=api,
    metadata=Base.metadata,
    migrations="hotel_services.client:migrations/versions",
)
