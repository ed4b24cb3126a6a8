"""The client service's table."""

import datetime as dt

from sqlalchemy import MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hotel_services.kit.database.columns import NAMING, UtcDateTime, identifier


class Base(DeclarativeBase):
    """The service's tables."""

    metadata = MetaData(naming_convention=NAMING)


class Client(Base):
    """Somebody who reserves; after an erasure only the id and the times are left."""

    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(identifier(), primary_key=True)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    email_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    phone: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), index=True)
    erased_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime())
