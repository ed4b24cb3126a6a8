"""The home folder holds passwords and databases: it is used only if it is the user's alone."""

import os
from pathlib import Path

import pytest
from hotel.errors import ExitCode, StackError
from hotel.names import EngineKind
from hotel.ports import Ports
from hotel.stack import home as home_folder
from hotel.stack.credentials import Credentials
from hotel.stack.home import check_contents, check_home, locked, make_home
from hotel.stack.state import StackState
from hotel.stack.up import take_down
from support.hotel_command import HotelCommand


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    make_home(folder)
    return folder


def save_state(folder: Path) -> None:
    StackState(engine=EngineKind.OPERATON, ports=Ports.usual(), credentials=Credentials.random()).save(folder)


def test_a_new_home_is_its_owners_alone(home: Path) -> None:
    assert home.stat().st_mode & 0o777 == 0o700
    check_home(home)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711, 0o707, 0o777])
def test_a_home_that_others_may_use_is_refused_with_the_remedy(home: Path, mode: int) -> None:
    home.chmod(mode)

    with pytest.raises(StackError, match=f"chmod 700 {home}"):
        make_home(home)
    with pytest.raises(StackError, match="chmod 700"):
        StackState.load(home)


def test_a_home_below_a_folder_where_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "below" / "home").mkdir(parents=True, mode=0o700)
    (shared / "below" / "home").chmod(0o700)
    shared.chmod(0o777)

    with pytest.raises(StackError, match=f"chmod go-w {shared}"):
        make_home(shared / "below" / "home")

    # As /tmp is: everybody may write there, but nobody may replace what belongs to another.
    shared.chmod(0o1777)
    make_home(shared / "below" / "home")


def test_a_folder_of_a_group_of_several_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o770)
    monkeypatch.setattr(home_folder, "_is_own_group", lambda _group: False)

    with pytest.raises(StackError, match="chmod go-w"):
        make_home(tmp_path / "home")


def test_what_belongs_to_another_user_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "data").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(StackError, match=f"{home} belongs to the user .* by --home"):
        check_home(home)
    with pytest.raises(StackError, match=f"{home / 'data'} belongs to the user"):
        check_contents(home)
    with pytest.raises(StackError, match="is not used"):
        home_folder.open_file(home / "lock", os.O_CREAT | os.O_RDWR)


def test_a_folder_of_another_user_above_it_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only the folder itself is the user's.
    monkeypatch.setattr(home_folder, "_ROOT", -1)
    monkeypatch.setattr(home_folder, "_check_private_folder", lambda _folder: None)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(StackError, match="could put another folder in place"):
        check_home(home)


def test_a_symbolic_link_as_home_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home)

    with pytest.raises(StackError, match="symbolic link"):
        make_home(tmp_path / "link")


@pytest.mark.parametrize("place", ["data", "logs", "data/engine.mv.db", "logs/room.log", "data/deep/file"])
def test_a_symbolic_link_in_it_is_refused(home: Path, tmp_path: Path, place: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    (home / place).symlink_to(victim)

    with pytest.raises(StackError, match=f"{home / place} is a symbolic link"):
        check_contents(home)


@pytest.mark.parametrize("name", ["lock", "stack.json"])
@pytest.mark.parametrize("purge", [True, False])
def test_a_symbolic_link_is_not_followed_by_down(home: Path, tmp_path: Path, name: str, purge: bool) -> None:  # noqa: FBT001
    victim = tmp_path / "victim"
    victim.write_text("precious")
    if name == "lock":
        save_state(home)
    (home / name).symlink_to(victim)

    with pytest.raises(StackError, match=f"{home / name} is not used"):
        take_down(home, print, purge=purge)

    assert victim.read_text() == "precious"


def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(home: Path) -> None:
    os.mkfifo(home / "stack.json")

    with pytest.raises(StackError, match="not a regular file"):
        StackState.load(home)


def test_a_lock_keeps_its_content(home: Path) -> None:
    (home / "lock").write_text("kept")

    with locked(home):
        pass

    assert (home / "lock").read_text() == "kept"


def test_purging_a_folder_without_a_stack_removes_nothing_and_says_so(home: Path) -> None:
    for name in ("data", "logs"):
        (home / name).mkdir()
        (home / name / "thesis.txt").write_text("years of work")
    said: list[str] = []

    assert take_down(home, said.append, purge=True) is False

    assert (home / "data" / "thesis.txt").exists()
    assert (home / "logs" / "thesis.txt").exists()
    assert len(said) == 1
    assert said[0].startswith("nothing is removed")


def test_purging_a_stack_removes_what_is_its_own(home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "thesis.txt").touch()
    for name in ("data", "logs", "mine"):
        (home / name).mkdir()
        (home / name / "file").touch()
    (home / "data" / "link").symlink_to(tmp_path / "elsewhere")
    save_state(home)

    take_down(home, print, purge=True)

    assert sorted(path.name for path in home.iterdir()) == ["lock", "mine"]
    assert (tmp_path / "elsewhere" / "thesis.txt").exists()


def test_the_command_says_it_in_one_line(home: Path) -> None:
    save_state(home)
    home.chmod(0o755)

    for line in (["ps"], ["down"], ["down", "--purge"], ["list"], ["status", "R-1"]):
        ran = HotelCommand(home)(*line)
        assert (ran.code, ran.out, ran.err.count("\n")) == (ExitCode.UNEXPECTED, "", 1), line
        assert f"chmod 700 {home}" in ran.err
