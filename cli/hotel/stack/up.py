"""Bringing a whole local stack up, and taking it down."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from external_tasks.auth import BasicAuth
from external_tasks.engine import EngineClient

from hotel.deployment import deploy, process_files
from hotel.errors import AlreadyRunning, InvalidInput
from hotel.signals import unbroken
from hotel.stack import process
from hotel.stack.credentials import Credentials
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.names import EngineKind, Role, Service
from hotel.stack.ports import Ports
from hotel.stack.postgresql import create_databases, drop_databases
from hotel.stack.state import StackState, locked

Report = Callable[[str], None]


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


def bring_up(plan: Plan, options: StackOptions, report: Report) -> LocalStack:
    """Start every part, wait until all can work, deploy the processes, and return the stack.

    If anything goes wrong, or the user interrupts, what was started is stopped again.

    Args:
        plan: what is wanted.
        options: how to run the parts.
        report: is told each step.

    Raises:
        AlreadyRunning: parts of this stack run.
        StackError: a part did not start, or a port is taken.
    """
    with locked(plan.home), ExitStack() as undo:
        before = StackState.load(plan.home)
        _check_nothing_runs(before)
        state = _planned_state(plan, before)
        plan.ports.check_free()
        stack = LocalStack(plan.home, state, options)
        if stack.server is not None:
            report("making the databases on the PostgreSQL server")
            create_databases(stack.server)
        undo.callback(stop_unbroken, stack)
        _start_all(stack, report)
        undo.pop_all()
    return stack


def take_down(home: Path, report: Report, *, purge: bool) -> bool:
    """Stop every part, the workers first, and return whether anything ran.

    Args:
        home: the folder of the stack.
        report: is told each step.
        purge: whether its data goes too.

    Raises:
        StackError: a process cannot be stopped, or the databases cannot be dropped.
    """
    if not home.is_dir():
        return False
    with locked(home):
        state = StackState.load(home)
        running = state.running() if state else []
        if state is not None:
            _stop_running(home, state, report)
        if purge:
            report("removing the data")
            _purge(home, state)
    return bool(running)


def stop_unbroken(stack: LocalStack) -> None:
    """Stop everything; a further Ctrl-C meanwhile changes nothing, as stopping is bounded."""
    with unbroken():
        stack.stop()


def deploy_processes(stack: LocalStack) -> None:
    """Bring the processes into a stack's engine, as the user that may do just this."""
    auth = BasicAuth(Role.DEPLOYER, stack.state.credentials.passwords[Role.DEPLOYER])
    with EngineClient(stack.addresses.rest, auth=auth, timeout=60) as engine:
        deploy(engine, process_files())


def _check_nothing_runs(before: StackState | None) -> None:
    running = before.running() if before else []
    if running:
        names = ", ".join(record.name for record in running)
        raise AlreadyRunning(f"the stack runs already ({names}); `hotel down` stops it")


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
    )


def _start_all(stack: LocalStack, report: Report) -> None:
    report("starting engine and services")
    stack.start_engine()
    for name in Service:
        stack.start_service(name)
    stack.wait_until_ready()
    report("deploying the processes")
    deploy_processes(stack)
    report("starting the worker" if len(stack.state.ports.workers) == 1 else "starting the workers")
    for _ in stack.state.ports.workers:
        stack.start_worker()
    stack.wait_until_ready()


def _stop_running(home: Path, state: StackState, report: Report) -> None:
    workers = [record for record in state.running() if record.name.startswith("worker-")]
    others = [record for record in state.running() if record not in workers]
    with unbroken():
        for records in (workers, others):
            if records:
                report(f"stopping {', '.join(record.name for record in records)}")
                process.stop(records)
        state.model_copy(update={"processes": ()}).save(home)


def _purge(home: Path, state: StackState | None) -> None:
    if state is not None and state.server is not None:
        drop_databases(state.server)
    for name in ("data", "logs"):
        shutil.rmtree(home / name, ignore_errors=True)
    (home / "stack.json").unlink(missing_ok=True)
