"""How a command ends: exit codes, and the errors that a person reads."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    ATTENTION = 1  # the command worked, and what it found or did needs a person; or it was declined
    MISUSED = 2  # an option or an argument cannot be used
    REFUSED = 3  # AWS, or the stack, refused or did not answer; or no output can be written
    INTERRUPTED = 130  # as a shell reports SIGINT


# Codes with which AWS says that a permission is missing.
REFUSALS = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


class RelayctlError(Exception):
    """A command cannot do its work. The text says what to change."""

    exit = Exit.REFUSED


class Declined(RelayctlError):
    """A question was not answered with yes. That is no error."""

    exit = Exit.ATTENTION


class Misused(RelayctlError):
    """An option or an argument cannot be used."""

    exit = Exit.MISUSED
