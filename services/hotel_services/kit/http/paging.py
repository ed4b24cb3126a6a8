"""Lists in pages."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from hotel_services.kit.http.fields import WHOLE_NUMBER, RequestModel, ViewModel

Item = TypeVar("Item")


class PageQuery(RequestModel):
    """Which part of a list is wanted; a list's own filters are added by inheritance."""

    limit: Annotated[int, Field(ge=1, le=200, description="Items at most"), WHOLE_NUMBER] = 50
    offset: Annotated[
        int, Field(ge=0, le=1_000_000_000, description="Items to leave out before"), WHOLE_NUMBER
    ] = 0


class Page(ViewModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    total: int = Field(description="Items in the whole list")
    limit: int
    offset: int


def fetch_page(session: Session, rows: Select[Any], query: PageQuery) -> tuple[Sequence[Row[Any]], int]:
    """Return the page's rows and the number of all; `rows` must be ordered by something unique."""
    total = session.execute(select(func.count()).select_from(rows.order_by(None).subquery())).scalar_one()
    return session.execute(rows.limit(query.limit).offset(query.offset)).all(), total
