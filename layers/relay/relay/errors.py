"""Errors of the relay, split by what the caller must do."""

from typing import ClassVar, Final

# Characters of a text in the log. SageMaker, the model and callers choose the length of theirs.
LONGEST_TEXT: Final = 2_000


def bounded(text: str) -> str:
    """The text for the log: its beginning if it is too long."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


class RelayError(Exception):
    """Root of every error that the relay raises on purpose.

    `passes`: it ends without an operator, as an outage of a service does.
    """

    passes: ClassVar[bool] = False


class TransientError(RelayError):
    """The same call may succeed later: leave the message on its queue."""

    passes = True


class Unanswered(TransientError):
    """A call without a response, which may have taken effect: keep the claim and try again."""


class NotTried(TransientError):
    """A call that was not made, because time ran out or its service did not answer before."""


class EndpointNotReady(TransientError):
    """The endpoint is missing, being created or not in service: try again later."""


class AccessDenied(TransientError):
    """A role lacks a permission: try again until it is granted; nothing is lost until then."""

    passes = False


class NewerFormat(TransientError):
    """Later code has written this item or message: leave it until that code is deployed again."""

    passes = False


class UnexpectedError(RelayError):
    """An exception that is no RelayError: a bug. The message has its type and its place.

    Only the record that raised it may fail: try it five times, then park it.
    """


# What this version of the code cannot work on: it needs another version, and an operator.
NotUnderstood = UnexpectedError | NewerFormat


class PermanentError(RelayError):
    """The same call can never succeed. The message says what to change."""


class MessageTooLong(PermanentError):
    """A message, or a batch of messages, is larger than the target accepts."""


class UnreadableMessage(PermanentError):
    """A message that cannot be parsed or trusted: park it on the dead-letter queue.

    Lambda logs the error with which a direct invocation fails, and the text may quote the event.
    """

    def __init__(self, text: str) -> None:
        super().__init__(bounded(text))


class ConfigurationError(PermanentError):
    """The deployment is not valid. The message lists every problem."""
