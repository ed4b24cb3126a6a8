"""Find the worker that a command line names."""

import importlib
import importlib.util
import sys
from pathlib import Path

from external_tasks.command.errors import CommandError
from external_tasks.handlers.callables import close_awaitable
from external_tasks.handlers.router import TaskRouter
from external_tasks.safe_errors import full_summary


def load(target: str) -> TaskRouter:
    """Return the worker or the router that ``MODULE:NAME`` names; modules of the working folder come first.

    Raises:
        CommandError: there is none; says what is wrong with the name.
    """
    module_name, _, name = target.partition(":")
    if not module_name or not name:
        raise CommandError(f"{target!r} names no worker: write MODULE:NAME, such as worker:router")
    # As for `python -m`, which the installed command is not.
    if (folder := str(working_folder())) not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise CommandError(
                f"{module_name} imports {error.name}, which is not installed: install it"
            ) from error
        raise CommandError(
            f"there is no module {module_name} in {folder} or installed: is this the right folder?"
        ) from error
    except SystemExit as error:
        # Else the command would end as the module says, a check with 0 too.
        raise CommandError(
            f"{module_name} ends the program while it is imported (sys.exit): "
            'put what it runs as a program below `if __name__ == "__main__":`'
        ) from error
    except Exception as error:
        raise CommandError(f"{module_name} cannot be imported: {full_summary(error)}") from error
    try:
        found = getattr(module, name)
    except AttributeError as error:
        there = sorted(key for key, value in vars(module).items() if isinstance(value, TaskRouter))
        raise CommandError(
            f"{module_name} has no {name}; its workers and routers: {', '.join(there) or 'none'}"
        ) from error
    return _made(target, found)


def working_folder() -> Path:
    """Return the folder that the command runs in.

    Raises:
        CommandError: it was deleted meanwhile.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise CommandError(
            f"the working folder cannot be read ({error.strerror}): change to another"
        ) from error


def _made(target: str, found: object) -> TaskRouter:
    if callable(found) and not isinstance(found, TaskRouter):
        try:
            found = found()
        except (Exception, SystemExit) as error:
            raise CommandError(f"{target} failed: {full_summary(error)}") from error
        close_awaitable(found)
    if not isinstance(found, TaskRouter):
        raise CommandError(
            f"{target} is a {type(found).__name__}: name a Worker, a TaskRouter, or a function that makes one"
        )
    return found
