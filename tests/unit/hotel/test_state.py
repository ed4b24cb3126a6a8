import subprocess
import sys
from pathlib import Path

import pytest
from hotel.errors import AlreadyRunning, StackError
from hotel.names import EngineKind, Role
from hotel.ports import Ports
from hotel.processes import ProcessRecord, identity_of
from hotel.stack.credentials import Credentials
from hotel.stack.home import locked
from hotel.stack.local import StackOptions
from hotel.stack.state import StackState
from hotel.stack.up import Plan, bring_up


def new_state(**changes: object) -> StackState:
    return StackState(
        engine=EngineKind.OPERATON, ports=Ports.usual(), credentials=Credentials.random()
    ).model_copy(update=changes)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    state = new_state(database="postgresql://hotel:secret@localhost/")

    state.save(tmp_path)

    assert StackState.load(tmp_path) == state


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    new_state().save(tmp_path)
    new_state().save(tmp_path)

    assert (tmp_path / "stack.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_a_folder_without_a_stack_has_no_state(tmp_path: Path) -> None:
    assert StackState.load(tmp_path / "none") is None


@pytest.mark.parametrize("content", ["", "{}", '{"version": 2}', "not json"])
def test_a_file_that_cannot_be_understood_is_a_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)

    with pytest.raises(StackError, match=r"stack\.json cannot be read"):
        StackState.load(tmp_path)


def test_only_processes_that_run_count_as_running(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        alive = ProcessRecord(
            name="engine", pid=child.pid, identity=identity_of(child.pid) or "", log=tmp_path, grace_seconds=1
        )
        crashed = alive.model_copy(update={"name": "room", "identity": "before the crash"})

        assert new_state(processes=(alive, crashed)).running() == [alive]
        child.kill()


def test_a_stack_of_which_parts_have_ended_is_told_with_the_remedy(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        alive = ProcessRecord(
            name="engine", pid=child.pid, identity=identity_of(child.pid) or "", log=tmp_path, grace_seconds=1
        )
        crashed = alive.model_copy(update={"name": "worker-1", "identity": "before the crash"})
        new_state(processes=(alive, crashed)).save(tmp_path)
        plan = Plan(tmp_path, Ports.free(), EngineKind.OPERATON)

        with pytest.raises(
            AlreadyRunning, match=r"\(engine\).*ended \(worker-1, see .*worker-1.log\): `hotel down`"
        ):
            bring_up(plan, StackOptions(jar=tmp_path), print)
        child.kill()


def test_secrets_are_not_in_a_repr() -> None:
    state = new_state(database="postgresql://hotel:top-secret@localhost/")

    assert state.credentials.passwords[Role.ADMIN] not in repr(state)
    assert state.credentials.service_token not in repr(state)
    assert "top-secret" not in repr(state)


def test_every_stack_has_passwords_of_its_own() -> None:
    one, other = Credentials.random(), Credentials.random()

    every = [*one.passwords.values(), *other.passwords.values(), one.service_token, other.service_token]
    assert len(set(every)) == len(every)
    assert min(map(len, every)) >= 20


def test_two_commands_cannot_change_one_stack_at_once(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(StackError, match="another command"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
