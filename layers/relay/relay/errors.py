"""Errors of the relay, split by what the caller must do."""


class RelayError(Exception):
    """Root of every error that the relay raises on purpose."""


class TransientError(RelayError):
    """The same call may succeed later: leave the message on its queue."""


class Unanswered(TransientError):
    """A call without a response, which may have taken effect: keep the claim and try again."""


class NotTried(TransientError):
    """A call that was not made, because time ran out or its service did not answer before."""


class EndpointNotReady(TransientError):
    """The endpoint is missing, being created or not in service: try again later."""


class AccessDenied(TransientError):
    """A role lacks a permission: try again until it is granted; nothing is lost until then."""


class UnexpectedError(RelayError):
    """An exception that is no RelayError: a bug. The message has its type and its place.

    Only the record that raised it may fail: try it five times, then park it.
    """


class PermanentError(RelayError):
    """The same call can never succeed. The message says what to change."""


class MessageTooLong(PermanentError):
    """A message, or a batch of messages, is larger than the target accepts."""


class UnreadableMessage(PermanentError):
    """A message that cannot be parsed or trusted: park it on the dead-letter queue."""


class ConfigurationError(PermanentError):
    """The deployment is not valid. The message lists every problem."""
