"""What can be done with a service on the command line."""

import json
import logging
import sys
from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from hotel_services.kit.app import Resources, open_resources
from hotel_services.kit.database.connections import parse_url
from hotel_services.kit.database.transactions import DatabaseUnavailableError
from hotel_services.kit.http import openapi
from hotel_services.kit.http.service import AnyService
from hotel_services.kit.logs import configure_logging
from hotel_services.kit.migrations import schema
from hotel_services.kit.migrations.schema import SchemaError
from hotel_services.kit.serving import server
from hotel_services.kit.settings import ServiceSettings, SettingsError, read_settings
from hotel_services.kit.sweeper import sweep_once

log = logging.getLogger(__name__)


def prepare(service: AnyService, settings: ServiceSettings, resources: Resources) -> None:
    """Migrate the database and load the seed."""
    schema.migrate(service, resources.database)
    resources.database.write(lambda session: _seed(service, settings, session))


def _seed(service: AnyService, settings: ServiceSettings, session: Session) -> None:
    if service.seed is not None:
        schema.wait_for_others(service, session.connection())
        service.seed(session, settings)


def _serve(service: AnyService, settings: ServiceSettings) -> None:
    """Serve requests until a signal ends it."""
    listeners = server.bind(settings)
    resources = open_resources(service, settings)
    if settings.migrate_at_start:
        prepare(service, settings, resources)
    else:
        schema.check(service, resources.database)
    resources.database.close()
    server.serve(service, settings, listeners)


def _migrate(service: AnyService, settings: ServiceSettings) -> None:
    """Bring the database's schema up to date and load the seed."""
    resources = open_resources(service, settings)
    prepare(service, settings, resources)
    resources.database.close()


def _sweep(service: AnyService, settings: ServiceSettings) -> None:
    """Note expired holds and delete old idempotency keys, once."""
    resources = open_resources(service, settings)
    schema.check(service, resources.database)
    sweep_once(service, settings, resources)
    resources.database.close()


def _openapi(service: AnyService, _settings: ServiceSettings) -> None:
    """Print the OpenAPI document."""
    json.dump(openapi.describe(service), sys.stdout, indent=2)


COMMANDS: Mapping[str, Callable[[AnyService, ServiceSettings], None]] = {
    "serve": _serve,
    "migrate": _migrate,
    "sweep": _sweep,
    "openapi": _openapi,
}


def execute(service: AnyService, name: str) -> int:
    """Run the command; return the exit code: 0, 2 for a wrong setting, 3 for the database."""
    try:
        settings = read_settings(service.settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure_logging(service.name, settings)
    try:
        COMMANDS[name](service, settings)
    except SettingsError as error:
        log.error("%s", error)  # noqa: TRY400 - the message says all; a traceback would hide it
        return 2
    except SchemaError as error:
        log.error("%s", error)  # noqa: TRY400 - as above
        return 3
    except DatabaseUnavailableError as error:
        url = parse_url(settings.database_url.get_secret_value()).render_as_string(hide_password=True)
        reason = _first_line(error.__cause__ or error)
        log.error("The database at %s cannot be used: %s. Check DATABASE_URL and the server", url, reason)  # noqa: TRY400 - as above
        return 3
    return 0


def _first_line(error: BaseException) -> str:
    """Return what the database's driver says, without SQLAlchemy's wrapping."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0]
