"""What can go wrong, split by what the caller must do about it."""


class RelayError(Exception):
    """Root of every error that the relay raises on purpose."""


class TransientError(RelayError):
    """The same thing may work later: leave the message on its queue and come back."""


class Unanswered(TransientError):
    """No answer came, so that nobody knows whether it was done: come back as the one who tried."""


class EndpointNotReady(TransientError):
    """The endpoint is missing, being created or not in service: come back later."""


class AccessDenied(TransientError):
    """A role lacks a right. Comes back until somebody grants it; nothing is lost meanwhile."""


class PermanentError(RelayError):
    """The same thing can never work. The message tells a person what to change."""


class MessageTooLong(PermanentError):
    """A target does not take a message, or a batch of them, of this size."""


class UnreadableMessage(PermanentError):
    """A message that nobody can parse or trust: park it on the dead-letter queue."""


class InvalidRequest(PermanentError):
    """A request that SageMaker can never accept: answer it with a `rejected` result."""


class ConfigurationError(PermanentError):
    """The deployment itself is wrong. Names every problem that was found."""
