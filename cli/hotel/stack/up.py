"""Bringing a whole local stack up, and taking it down."""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient

from hotel import processes
from hotel.deployment import deploy, process_files
from hotel.errors import AlreadyRunning, InvalidInput, StackError
from hotel.names import EngineKind, Role, Service
from hotel.ports import Ports
from hotel.signals import unbroken
from hotel.stack.credentials import Credentials
from hotel.stack.engine import find_jar
from hotel.stack.home import DATA, LOGS, locked, make_home, resolved
from hotel.stack.leftovers import rewrite_engine_file
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.postgresql import create_databases, drop_databases
from hotel.stack.state import StackState

Announce = Callable[[str], None]
"""Is called with each step, a line of text."""


@dataclass(frozen=True)
class Plan:
    """What stack is wanted.

    Attributes:
        home: the folder of its data, logs and state.
        ports: where the parts are to listen; there are as many workers as they have ports for.
        engine: the kind of engine.
        database: URL of a PostgreSQL server; None takes what the home folder's stack had before, else files.
    """

    home: Path
    ports: Ports
    engine: EngineKind
    database: str | None = None


def bring_up(plan: Plan, options: StackOptions, announce: Announce) -> LocalStack:
    """Start every part, wait until all can work, deploy the processes, and return the stack.

    If anything goes wrong, or the user interrupts, what was started is stopped again.

    Args:
        plan: what is wanted.
        options: how to run the parts.
        announce: is called with each step.

    Raises:
        AlreadyRunning: parts of this stack run.
        StackError: a part did not start, or a port is taken.
    """
    make_home(plan.home)
    with locked(plan.home), ExitStack() as undo:
        before = StackState.load(plan.home)
        _check_nothing_runs(before)
        if before is None:
            _check_new_home(plan.home)
        state = _planned_state(plan, before)
        plan.ports.check_free()
        stack = LocalStack(plan.home, state, options)
        if stack.server is not None:
            announce("making the databases on the PostgreSQL server")
            create_databases(stack.server)
        undo.callback(_undo, stack, announce)
        _start_all(stack, announce)
        undo.pop_all()
    return stack


def take_down(home: Path, announce: Announce, *, purge: bool, jar: Path | None = None) -> bool:
    """Stop every part, the workers first, and return whether anything ran.

    Args:
        home: the folder of the stack.
        announce: is called with each step.
        purge: whether its data goes too.
        jar: the engine's; by default the one built in this repository.

    Raises:
        StackError: a process cannot be stopped, or the databases cannot be dropped.
    """
    if StackState.load(home) is None:
        if purge and os.path.lexists(home):
            announce(
                f"nothing is removed: {home} has no stack.json, so nothing in it is known to be a stack's"
            )
        return False
    with locked(home):
        state = StackState.load(home)
        if state is None:
            return False
        running = state.running()
        state = _stop_running(home, state, announce)
        if purge:
            announce("removing the data")
            _purge(resolved(home), state)
        elif state.rewrite_engine_file:
            rewrite_engine_file(home, state, find_jar(state.engine, jar), announce)
    return bool(running)


def stop_unbroken(stack: LocalStack) -> None:
    """Stop everything; a further Ctrl-C meanwhile changes nothing, as stopping is bounded."""
    with unbroken():
        stack.stop()


def deploy_processes(stack: LocalStack) -> None:
    """Deploy the processes to a stack's engine, as the user that may do just this."""
    auth = BasicAuth(Role.DEPLOYER, stack.state.credentials.passwords[Role.DEPLOYER])
    with EngineClient(stack.addresses.rest, auth=auth, timeout=60) as engine:
        deploy(engine, process_files(history_time_to_live=stack.options.history_time_to_live))


def _undo(stack: LocalStack, announce: Announce) -> None:
    if stack.state.processes:
        announce("stopping what was started")
    stop_unbroken(stack)


def _check_nothing_runs(before: StackState | None) -> None:
    running = before.running() if before else []
    if before is None or not running:
        return
    names = ", ".join(record.name for record in running)
    ended = ", ".join(f"{record.name}, see {record.log}" for record in before.ended())
    if ended:
        raise AlreadyRunning(
            f"parts of the stack run ({names}) and others have ended ({ended}): "
            "`hotel down`, then `hotel up`, starts all of them"
        )
    raise AlreadyRunning(f"the stack runs already ({names}); `hotel ps` shows it, `hotel down` stops it")


def _check_new_home(home: Path) -> None:
    # What is there before the first start is not the stack's, and `hotel down --purge` would remove it.
    for folder in (resolved(home) / DATA, resolved(home) / LOGS):
        if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
            raise InvalidInput(
                f"{folder} exists, and {resolved(home)} has no stack.json that says that a stack made it: "
                "name another folder by --home, or remove it"
            )


def _planned_state(plan: Plan, before: StackState | None) -> StackState:
    if before is not None and before.engine is not plan.engine:
        raise InvalidInput(
            f"the data in {plan.home} belongs to an engine of the kind {before.engine}: "
            "name it by --engine, choose another --home, or remove the data by `hotel down --purge`"
        )
    return StackState(
        engine=plan.engine,
        ports=plan.ports,
        credentials=before.credentials if before else Credentials.random(),
        database=plan.database or (before.database if before else None),
        password_shown=before.password_shown if before else False,
        rewrite_engine_file=before.rewrite_engine_file if before else False,
    )


def _start_all(stack: LocalStack, announce: Announce) -> None:
    announce("starting engine and services")
    stack.start_engine()
    for name in Service:
        stack.start_service(name)
    stack.wait_until_ready(announce)
    announce("deploying the processes")
    deploy_processes(stack)
    announce("starting the worker" if len(stack.state.ports.workers) == 1 else "starting the workers")
    for _ in stack.state.ports.workers:
        stack.start_worker()
    stack.wait_until_ready(announce)


def _stop_running(home: Path, state: StackState, announce: Announce) -> StackState:
    workers = [record for record in state.running() if record.name.startswith("worker-")]
    others = [record for record in state.running() if record not in workers]
    with unbroken():
        for records in (workers, others):
            if records:
                announce(f"stopping {', '.join(record.name for record in records)}")
                processes.stop(records)
        stopped = state.model_copy(update={"processes": ()})
        stopped.save(home)
    return stopped


def _purge(home: Path, state: StackState) -> None:
    if state.server is not None:
        drop_databases(state.server)
    try:
        for name in (DATA, LOGS):
            # It follows no symbolic link, and refuses to begin at one.
            if os.path.lexists(home / name):
                shutil.rmtree(home / name)
    except OSError as error:
        raise StackError(f"{error.filename} cannot be removed: {error.strerror}") from error
    (home / "stack.json").unlink(missing_ok=True)
