"""What botocore raises: refusals in AWS's form, and calls without an answer."""

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

_THROTTLED = {
    "cloudwatch": "Throttling",
    "dynamodb": "ProvisionedThroughputExceededException",
}
_PREFIX = {
    "autoscaling": "application-autoscaling",
}


class Refused(Exception):
    """A refusal of a service, without the operation that botocore adds."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status

    def of(self, operation: str) -> ClientError:
        """What the client raises. `operation` as in Python: `create_model`."""
        return ClientError(
            {
                "Error": {"Code": self.code, "Message": self.message},
                "ResponseMetadata": {
                    "RequestId": "c0ffee",
                    "HostId": "",
                    "HTTPStatusCode": self.status,
                    "HTTPHeaders": {},
                    "RetryAttempts": 0,
                },
            },
            api_name(operation),
        )


def api_name(operation: str) -> str:
    """`CreateModel` for `create_model`."""
    return "".join(word.capitalize() for word in operation.split("_"))


def invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


def denied(service: str, operation: str, resource: str) -> Refused:
    action = f"{_PREFIX.get(service, service)}:{api_name(operation)}"
    return Refused(
        "AccessDenied" if service == "cloudwatch" else "AccessDeniedException",
        "User: arn:aws:sts::000000000000:assumed-role/relay-ProvisionRole/relay-provision is not "
        f"authorized to perform: {action} on resource: {resource} because no identity-based policy "
        f"allows the {action} action",
    )


def throttled(service: str) -> Refused:
    return Refused(_THROTTLED.get(service, "ThrottlingException"), "Rate exceeded")


def not_connected(service: str) -> ConnectTimeoutError:
    return ConnectTimeoutError(endpoint_url=f"https://{service}.us-east-1.amazonaws.com/")


def not_answered(service: str) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=f"https://{service}.us-east-1.amazonaws.com/")
