"""What can go wrong for a user of the command or of the client, and the exit code each of these has."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script learns from the command; `docs/command.md` has the table."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    NOT_FOUND = 5
    CONFLICT = 6
    NOT_CONFIRMED = 7
    TIMEOUT = 8
    INCIDENT = 9
    VIOLATED = 10
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


class HotelError(Exception):
    """Something the user can understand and act on; its message is shown as it is."""

    exit_code = ExitCode.UNEXPECTED


class InvalidInput(HotelError):
    """What was given cannot be used: a malformed file, an impossible option."""

    exit_code = ExitCode.USAGE


class InvalidReservation(InvalidInput):
    """A reservation whose fields are unknown, of the wrong JSON type or too long to be stored.

    Args:
        problems: what is wrong, by field name.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = problems


class Unreachable(HotelError):
    """The engine or a service does not answer."""

    exit_code = ExitCode.UNREACHABLE


class Refused(HotelError):
    """The credentials are wrong, or their user lacks a right."""

    exit_code = ExitCode.REFUSED


class EngineFailure(HotelError):
    """The engine could not do what it was asked."""


class ReservationNotFound(HotelError):
    """No reservation has this reference."""

    exit_code = ExitCode.NOT_FOUND


class PersonNotFound(HotelError):
    """Nothing is known of the person who is to be erased."""

    exit_code = ExitCode.NOT_FOUND


class ReferenceConflict(HotelError):
    """The reference belongs to another reservation.

    Args:
        reference: the reservation reference.
        fields: the fields in which the two differ.
    """

    exit_code = ExitCode.CONFLICT

    def __init__(self, reference: str, fields: list[str]) -> None:
        super().__init__(
            f"reference {reference} belongs to another reservation, which differs in: {', '.join(fields)}; "
            "use another reference"
        )
        self.reference = reference
        self.fields = fields


class StateConflict(HotelError):
    """The reservation's state does not allow what was asked."""

    exit_code = ExitCode.CONFLICT


class WaitTimeout(HotelError):
    """The reservation did not end in time; it goes on in the engine."""

    exit_code = ExitCode.TIMEOUT


class Interrupted(HotelError):
    """The user has interrupted the command; says what goes on."""

    exit_code = ExitCode.INTERRUPTED


class StackError(HotelError):
    """The local stack could not be started, or is not as this command needs it."""


class AlreadyRunning(StackError):
    """Parts of this local stack run already."""

    exit_code = ExitCode.CONFLICT


class ClusterError(HotelError):
    """The cluster could not do what it was asked."""


class MissingInCluster(ClusterError):
    """Something that is asked for by its name is not in the cluster."""

    exit_code = ExitCode.USAGE
