"""The restaurant service as the kit sees it."""

from hotel_services.kit.http.service import Service
from hotel_services.restaurant.api import api
from hotel_services.restaurant.seed import seed_floor_plan
from hotel_services.restaurant.settings import RestaurantSettings
from hotel_services.restaurant.tables import Base

SERVICE = Service(
    name="restaurant",
    title="Restaurant service",
    description=(
        "Tables and who dines at them. A party gets the smallest free table that seats it; a table is sold "
        "once for a seating of a day."
    ),
    settings=RestaurantSettings,
    api=api,
    metadata=Base.metadata,
    migrations="hotel_services.restaurant:migrations/versions",
    seed=seed_floor_plan,
)
