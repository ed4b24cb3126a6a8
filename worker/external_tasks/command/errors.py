"""What stops the command."""

from external_tasks.errors import ExternalTasksError


class CommandError(ExternalTasksError):
    """The command cannot do what it was asked to; the message says why and what to do."""


class SettingError(CommandError):
    """A variable of the environment cannot be used; the message names it."""
