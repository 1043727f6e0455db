"""What AWS says about the resources of a stack, each answer read once."""

import threading
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from relayctl.deployment import Deployment

_DENIED = {
    *("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"),
    *("AllAccessDisabled", "KMSAccessDeniedException", "AuthorizationErrorException"),
    "NotAuthorized",
}
# The codes of what is not there have no common form: NoSuchBucket, ResourceNotFoundException,
# AWS.SimpleQueueService.NonExistentQueue, NotFound, QueueDoesNotExist, 404.
_GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "404")
# A permission is called as its operation, except for these.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
_ACTIONS = {
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
}

_AGAIN = "Run the command again"


class NotChecked(Exception):
    """Something could not be read. The text says what is missing."""

    def __init__(self, reason: str, action: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.action = action


class Gone(Exception):
    """What was asked for does not exist. `code` is the error code of AWS, `action` what asked."""

    def __init__(self, code: str, action: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.action = action


class Account:
    """Reads with the permissions of the person. Several threads may read at a time."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._clients: dict[str, Any] = {}
        self._answers: dict[str, Mapping[str, Any] | Exception] = {}
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """Return the client of a service. Making one is not safe for threads, using it is."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self.deployment.client(service)
            return self._clients[service]

    def get(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Return the answer of an operation, all pages of it together.

        Raises:
            NotChecked: the person has no permission for it, or AWS did not answer it.
            Gone: what it asks for does not exist.
        """
        key = f"{service} {operation} {sorted(parameters.items())}"
        with self._lock:
            lock = self._reading.setdefault(key, threading.Lock())
        with lock:
            if key not in self._answers:
                try:
                    self._answers[key] = self._read(service, operation, parameters)
                except (NotChecked, Gone) as error:
                    self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _read(self, service: str, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        client = self.client(service)
        try:
            if client.can_paginate(operation):
                pages = client.get_paginator(operation).paginate(**given)
                answer: Mapping[str, Any] = pages.build_full_result()
            else:
                answer = getattr(client, operation)(**given)
                if "Body" in answer:  # a stream, which can be read once
                    answer = {**answer, "Body": answer["Body"].read()}
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            meta = client.meta
            name = meta.method_to_api_mapping[operation]
            action = action_of(meta.service_model.signing_name, name)
            # SageMaker has one code for all that it refuses.
            if any(each in code for each in _GONE) or "Could not find" in str(error):
                raise Gone(code, action) from error
            raise _unreadable(error, code, action) from error
        except BotoCoreError as error:
            raise NotChecked(f"AWS was not reached: {error}", _AGAIN) from error
        return answer

    def describe_endpoint(self) -> Mapping[str, Any]:
        """Return what the provision function knows about the endpoint.

        Raises:
            NotChecked: the person has no permission to invoke it.
            RelayctlError: the function failed.
        """
        try:
            return self.deployment.provision({"action": "describe"})
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise _unreadable(error, code, "lambda:InvokeFunction") from error
        except BotoCoreError as error:
            raise NotChecked(f"provision was not reached: {error}", _AGAIN) from error


def _unreadable(error: ClientError, code: str, action: str) -> NotChecked:
    if code in _DENIED:
        return NotChecked(f"needs {action}", f"Grant {action}, or have someone run it who has it")
    return NotChecked(f"{action} failed: {error}", _AGAIN)


def action_of(signing_name: str, operation: str) -> str:
    """Return the action of IAM for an operation of the API.

    The name by which a service signs is the prefix of its actions, except for CloudWatch's.
    """
    prefix = {"monitoring": "cloudwatch"}.get(signing_name, signing_name)
    action = f"{prefix}:{operation}"
    return _ACTIONS.get(action, action)
