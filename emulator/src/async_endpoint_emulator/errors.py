"""Refusals in AWS's form: a code, words and an HTTP status."""


class AwsError(Exception):
    """What a caller of the emulated API gets back instead of an answer."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NoAnswer(Exception):
    """A fault: the caller of the emulated API gets neither an answer nor a refusal."""


def validation_exception(message: str) -> AwsError:
    """The control plane's refusal of a request that can never work."""
    return AwsError("ValidationException", message)


def validation_error(message: str) -> AwsError:
    """The runtime's spelling of the same thing."""
    return AwsError("ValidationError", message)


class DeploymentFailed(Exception):
    """Instances did not come into service. The message becomes the endpoint's FailureReason."""


class InvalidConfiguration(Exception):
    """A configuration or fault document that cannot be used. Names every problem found."""
