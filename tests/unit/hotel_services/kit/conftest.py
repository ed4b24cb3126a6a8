"""A small service that has nothing but what the kit gives."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.app import create_app, open_resources
from hotel_services.kit.database.columns import KIT_METADATA
from hotel_services.kit.database.transactions import DatabaseUnavailableError
from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.http.fields import IsoDate, QueryFlag, RequestModel, ViewModel
from hotel_services.kit.http.operations import Answer, Api
from hotel_services.kit.http.paging import PageQuery
from hotel_services.kit.http.problems import NOT_FOUND, Problem, ProblemKind
from hotel_services.kit.http.service import Service
from hotel_services.kit.settings import ServiceSettings
from hotel_services.shared.guests import Guests, PersonName
from hotel_services.shared.references import reservation_references
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Session
from support.services import sqlite_url

api = Api("/api/thing")
THING_TAKEN = ProblemKind(HTTPStatus.CONFLICT, "THING_TAKEN", "There is such a thing")


class Thing(RequestModel):
    name: PersonName
    day: IsoDate | None = None
    guests: Guests = 1


class Listed(PageQuery):
    whole: QueryFlag | None = None


class ThingView(ViewModel):
    name: str
    count: int = 0


@api.post("/make", answers={201: ThingView}, problems=(THING_TAKEN,))
def make_thing(session: Session, body: Thing) -> Answer:
    """Make a thing; the second of one name is refused."""
    statement = insert_into(session, reservation_references).values(reservation_ref=body.name)
    added = session.execute(
        statement.on_conflict_do_nothing().returning(reservation_references.c.reservation_ref)
    )
    if added.first() is None:
        raise Problem(THING_TAKEN, "There is one already")
    count = session.execute(select(func.count()).select_from(reservation_references)).scalar_one()
    return Answer(ThingView(name=body.name, count=count), 201)


@api.post("/break", answers={200: ThingView})
def break_thing(body: Thing) -> ThingView:
    """Fail as no handler should."""
    raise RuntimeError(f"no way to handle {body.name}")


@api.get("/things", answers=ThingView)
def list_things(query: Listed) -> ThingView:
    """Show what was asked for."""
    return ThingView(name=str(query.whole), count=query.limit)


@api.get("/things/{name}", answers=ThingView, problems=(NOT_FOUND,))
def get_thing(name: PersonName) -> ThingView:
    """Fail for want of a database."""
    raise DatabaseUnavailableError(f"no answer about {len(name)} characters")


SERVICE: Service[ServiceSettings] = Service(
    name="thing",
    title="Thing service",
    description="Things.",
    settings=ServiceSettings,
    api=api,
    metadata=MetaData(),
    migrations="",
)

OpenThings = Callable[..., FlaskClient]


@pytest.fixture
def open_things(tmp_path: Path) -> Iterator[OpenThings]:
    """Open the service with settings of the test's choice."""
    with ExitStack() as stack:

        def open_with(**settings: Any) -> FlaskClient:
            chosen = ServiceSettings(**{"database_url": sqlite_url(tmp_path), **settings})
            resources = open_resources(SERVICE, chosen)
            stack.callback(resources.database.close)
            KIT_METADATA.create_all(resources.database.engine)
            return create_app(SERVICE, chosen, resources).test_client()

        yield open_with


@pytest.fixture
def things(open_things: OpenThings) -> FlaskClient:
    """The service with default settings."""
    return open_things()


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All log lines, the quiet ones as well."""
    caplog.set_level(logging.DEBUG)
    return caplog
