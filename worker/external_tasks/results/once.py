"""An effect that happens once, however often its task is repeated."""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from external_tasks import checks
from external_tasks.engine.variables import File, Typed, TypedJson, decode_variable, encode
from external_tasks.errors import ExternalTasksError
from external_tasks.handlers.callables import close_awaitable
from external_tasks.handlers.task import Task
from external_tasks.results.database import Database

RESULTS_TABLE = """CREATE TABLE IF NOT EXISTS {table} (
    key varchar(255) NOT NULL PRIMARY KEY,
    result text,
    done_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
)"""
"""The table of results, for PostgreSQL and SQLite alike; ``{table}`` is its name."""

DEFAULT_TABLE = "external_task_results"
KEY_LIMIT = 255

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")


def once(
    connection: Any,
    key: str | Task,
    effect: Callable[[], Mapping[str, Any] | None],
    *,
    table: str = DEFAULT_TABLE,
) -> dict[str, Any]:
    """Run an effect and keep its result in the same transaction; a repeat returns the result that is kept.

    The caller commits, so that effect and result are there together or not at all. Of two that come at the
    same time one waits in the database until the other has committed, and then returns its result.

    Args:
        connection: where the effect writes, in a transaction: of a DB-API 2 driver (psycopg, sqlite3), or
            SQLAlchemy's `Connection` or `Session`; PostgreSQL or SQLite.
        key: what is to happen once, up to 255 characters; a task stands for its id, which is the same in
            each attempt.
        effect: writes by this connection, neither commits nor rolls back, and returns variables or None.
        table: where results are kept, see `create_results_table`.

    Returns:
        the effect's variables as the engine will have them; repeats return equal ones.

    Raises:
        ValueError: an argument cannot be used, e.g. a connection that commits each statement by itself.
        ExternalTasksError: the effect has committed, or returned what is no mapping.
        VariableError: a value of the result has no form as a process variable.
    """
    name, text = _checked_key(key), _checked_table(table)
    if not callable(effect):
        raise ValueError(  # noqa: TRY004 - as in `checks`
            f"effect must be a function without parameters, not {type(effect).__name__}"
        )
    database = Database(connection)
    database.refuse_autocommit()
    insert = f"INSERT INTO {text} (key) VALUES ({{}}) ON CONFLICT DO NOTHING"  # noqa: S608 - checked
    if database.change(insert, name) == 0:
        return _kept(database, name, text)
    result = effect()
    close_awaitable(result)
    if result is not None and not isinstance(result, Mapping):
        raise ExternalTasksError(
            f"the effect of {name!r} must return a mapping of variables or None, "
            f"not {type(result).__name__}: roll back and mend it"
        )
    if database.is_surely_outside:
        raise ExternalTasksError(
            f"the effect of {name!r} has committed or rolled back: leave that to the caller of once"
        )
    encoded = encode(result or {})
    content = json.dumps(encoded, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    database.change(f"UPDATE {text} SET result = {{}} WHERE key = {{}}", content, name)  # noqa: S608 - checked
    return _decoded(encoded)


def create_results_table(connection: Any, *, table: str = DEFAULT_TABLE) -> None:
    """Make the table of `once` where it is missing; the caller commits.

    Raises:
        ValueError: an argument cannot be used.
    """
    Database(connection).change(RESULTS_TABLE.replace("{table}", _checked_table(table)))


def activity_key(task: Task) -> str:
    """Return a key for `once` that outlives the task: business key and activity.

    With it an effect happens once for a business key, even if the process starts again, or comes to the
    activity again. Not for activities in a loop, each round of which is to have its effect.

    Raises:
        ValueError: the task has no business key or no activity.
    """
    if not task.business_key or not task.activity_id:
        raise ValueError(
            "activity_key needs a task with a business key and an activity: use the task instead"
        )
    return f"{task.business_key}:{task.process_definition_key}:{task.activity_id}"


def _checked_key(key: Any) -> str:
    name = checks.text("key", key.id if isinstance(key, Task) else key)
    if len(name) > KEY_LIMIT or "\x00" in name:
        raise ValueError(f"key must have up to {KEY_LIMIT} characters, none of them NUL, not {len(name)}")
    return name


def _checked_table(table: Any) -> str:
    if not isinstance(table, str) or not _TABLE.fullmatch(table):
        raise ValueError(
            f"table must be a name of letters, digits and _, perhaps after a schema's, not {table!r}"
        )
    return table


def _kept(database: Database, name: str, table: str) -> dict[str, Any]:
    row = database.row(f"SELECT result FROM {table} WHERE key = {{}}", name)  # noqa: S608 - checked
    if row is None or row[0] is None:
        raise ExternalTasksError(
            f"{table} has no result for {name!r}: its effect has committed by itself, or the row was deleted "
            "just now. Look whether the effect is there, then delete the row or write its result"
        )
    return _decoded(json.loads(row[0]))


def _decoded(encoded: Mapping[str, TypedJson]) -> dict[str, Any]:
    return {name: _value(name, variable) for name, variable in encoded.items()}


def _value(name: str, variable: TypedJson) -> Any:
    """Read a value so that it goes to the engine as it was written: with its type, and a file's content."""
    value = decode_variable(name, variable)
    if isinstance(value, File):
        return File(value.name, b64decode(variable["value"]), value.mime_type, value.encoding)
    if encode({name: value})[name] != variable:
        return Typed(variable["value"], variable["type"], variable.get("valueInfo"))
    return value
