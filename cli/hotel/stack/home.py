"""The home folder of a local stack: the user's alone, with nothing in it that leads elsewhere.

Its passwords, its databases and the programs that run in it are only as safe as the folder. So it is used
only if nobody else can write there or put another folder in its place. No symbolic link in it is followed.
"""

import fcntl
import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hotel.errors import StackError

DATA, LOGS = "data", "logs"
_LOCK = "lock"
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_OTHERS_RIGHTS = 0o077
_ROOT = 0


def resolved(home: Path) -> Path:
    """Return the absolute path of a home folder, without symbolic links in the folders above it."""
    home = home.expanduser().absolute()
    # The last name is not followed: a symbolic link there is refused by `check_home`.
    return home.resolve() if home.name in {"", ".."} else home.parent.resolve() / home.name


def check_home(home: Path) -> None:
    """Raise unless an existing home folder is the user's alone.

    Raises:
        FileNotFoundError: it does not exist.
        StackError: somebody else could change, read or replace it; says what to do.
    """
    home = resolved(home)
    _check_private_folder(home)
    for folder in home.parents:
        _check_nobody_else_can_replace_entries(folder)


def check_contents(home: Path) -> None:
    """Raise unless all that a stack keeps in its home folder is the user's, without symbolic links.

    Raises:
        StackError: names the first entry that is wrong, and says what to do.
    """
    for name in (DATA, LOGS):
        _check_tree(resolved(home) / name)


def make_home(home: Path) -> None:
    """Make a home folder where there is none, and check it.

    Raises:
        StackError: it cannot be made, or as `check_home`.
    """
    home = resolved(home)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    except OSError as error:
        raise StackError(f"{home} cannot be made: {error.strerror}; name another folder by --home") from error
    check_home(home)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep other commands from starting or stopping the same stack meanwhile.

    Raises:
        StackError: another command is at it, or the lock is no file of the user's.
    """
    lock = open_file(home / _LOCK, os.O_RDWR | os.O_CREAT)
    try:
        _lock(lock, home)
        yield
    finally:
        os.close(lock)


def open_file(file: Path, flags: int) -> int:
    """Open a file of a home folder and return its descriptor.

    Raises:
        FileNotFoundError: there is none, and the flags do not make one.
        StackError: it is a symbolic link, not a file, or not the user's.
    """
    try:
        # Without NONBLOCK a named pipe would keep the command waiting before it could be refused.
        descriptor = os.open(file, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, _PRIVATE_FILE)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _not_usable(file, error.strerror or "") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(descriptor)
        raise _not_usable(file, "it is not a regular file of yours")
    return descriptor


def _lock(descriptor: int, home: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StackError(
            f"another command is starting or stopping the stack in {home}: wait for it"
        ) from error


def _not_usable(file: Path, problem: str) -> StackError:
    return StackError(
        f"{file} is not used: {problem or 'it cannot be opened'}; remove it, or name another folder by --home"
    )


def _check_nobody_else_can_replace_entries(folder: Path) -> None:
    found = folder.lstat()
    if found.st_uid not in {_ROOT, os.geteuid()}:
        raise StackError(
            f"{folder} belongs to the user {_user_name(found.st_uid)}, who could put another folder in place "
            "of the stack's: name a folder of your own by --home"
        )
    # In a sticky folder such as /tmp an entry belongs to its owner alone.
    shared = found.st_mode & stat.S_IWOTH or (
        found.st_mode & stat.S_IWGRP and not _is_own_group(found.st_gid)
    )
    if shared and not found.st_mode & stat.S_ISVTX:
        raise StackError(
            f"other users may write in {folder} and put another folder in place of the stack's: "
            f"run `chmod go-w {folder}`, or name another folder by --home"
        )


def _is_own_group(group: int) -> bool:
    """Return whether a group is the user's private one, as many systems make for each user."""
    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


def _check_private_folder(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise StackError(
            f"{folder} is a symbolic link or a file: name the folder itself by --home, or remove this one"
        )
    if found.st_uid != os.geteuid():
        raise StackError(
            f"{folder} belongs to the user {_user_name(found.st_uid)}: name a folder of your own by --home"
        )
    if found.st_mode & _OTHERS_RIGHTS:
        raise StackError(
            f"other users may use {folder}, where the stack keeps passwords: run `chmod 700 {folder}`, "
            "or name another folder by --home"
        )


def _check_tree(folder: Path) -> None:
    """Raise where a folder or anything in it is a symbolic link, something special or somebody else's."""
    if not os.path.lexists(folder):
        return
    _check_entry(folder, stat.S_ISDIR)
    for place, folders, files in os.walk(folder):
        for name in folders:
            _check_entry(Path(place, name), stat.S_ISDIR)
        for name in files:
            _check_entry(Path(place, name), stat.S_ISREG)


def _check_entry(path: Path, is_right_kind: Callable[[int], bool]) -> None:
    found = path.lstat()
    if not is_right_kind(found.st_mode):
        raise StackError(f"{path} is a symbolic link or a special file: remove it, or name another --home")
    if found.st_uid != os.geteuid():
        raise StackError(f"{path} belongs to the user {_user_name(found.st_uid)}: remove it")


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
