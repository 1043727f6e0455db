"""The deployed stack, reached with the permissions of whoever runs the command."""

import json
import os
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from time import sleep
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ProfileNotFound

from relayctl.errors import Misused, RelayctlError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# What opening a stack needs, whatever the command.
OPENING = ("cloudformation:DescribeStacks",)

# A function answers within its timeout, which is at most fifteen minutes; a call that is repeated
# would run it twice.
_INVOCATION = Config(
    read_timeout=900,
    retries={"mode": "standard", "total_max_attempts": 1},
    user_agent_extra="relayctl",
)
# Lambda refuses a call while the function has all of its concurrency in use, and does not run it.
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
_THROTTLED = "TooManyRequestsException"
_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds
# A person waits: half a minute, where botocore's own limits make five minutes of a service that
# does not answer. A read timeout is the time without a byte, so a large object may take longer.
_USUAL = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_extra="relayctl",
)


class Deployment:
    """One stack of an account and a region. Clients and answers are made when first used."""

    def __init__(self, stack_name: str, session: boto3.Session) -> None:
        self.stack_name = stack_name
        self.session = session
        self._making = Lock()
        self._clients: dict[str, Any] = {}

    @classmethod
    def of(cls, stack_name: str | None, profile: str | None, region: str | None) -> "Deployment":
        """Return the stack that the options and the environment name.

        Raises:
            Misused: no stack or no region is named, or there is no such profile.
        """
        if not stack_name:
            raise Misused("no stack: set --stack-name or STACK_NAME, or source .local/env")
        # The AWS CLI reads AWS_REGION, before AWS_DEFAULT_REGION; boto3 does not.
        # https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
        region = region or os.environ.get("AWS_REGION") or None
        try:
            session = boto3.Session(profile_name=profile, region_name=region)
            found = session.region_name
        except ProfileNotFound as error:
            raise Misused(
                f"{error}: set --profile or AWS_PROFILE to a profile of the AWS configuration"
            ) from error
        if not found:
            raise Misused("no region: set --region, AWS_REGION, or the region of the profile")
        return cls(stack_name, session)

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    def client(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """Return a client of the service; its calls raise ClientError and BotoCoreError."""
        config = _INVOCATION if service == "lambda" else _USUAL
        # A session does not make two clients at a time; clients can be shared by threads.
        # https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
        with self._making:
            if service not in self._clients:
                made = self.session.client(service, config=config)  # type: ignore[call-overload]
                self._clients[service] = made
            return self._clients[service]

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        client: CloudFormationClient = self.client("cloudformation")
        return client

    @cached_property
    def functions(self) -> "LambdaClient":
        client: LambdaClient = self.client("lambda")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self.client("sqs")
        return client

    @cached_property
    def description(self) -> Mapping[str, Any]:
        """The stack, as DescribeStacks returns it.

        Raises:
            RelayctlError: there is no such stack.
        """
        try:
            answer = self.cloudformation.describe_stacks(StackName=self.stack_name)
        except ClientError as error:
            if "does not exist" in str(error):
                raise RelayctlError(
                    f"stack {self.stack_name} does not exist in {self.region}: "
                    "check --stack-name, --region and the account of --profile"
                ) from error
            raise
        return answer["Stacks"][0]

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of the stack."""
        found = self.description.get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in found}

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of the stack, as they were deployed; those with `NoEcho` are masked."""
        found = self.description.get("Parameters", [])
        return {each["ParameterKey"]: each["ParameterValue"] for each in found}

    def listed(self, name: str, default: str = "") -> list[str]:
        """Return the members of a parameter that is a list, as CloudFormation trims them."""
        value = self.parameters.get(name) or default
        return [each for each in map(str.strip, value.split(",")) if each]

    def output(self, name: str) -> str:
        """Return an output of the stack.

        Raises:
            RelayctlError: the stack has no such output.
        """
        try:
            return self.outputs[name]
        except KeyError:
            status = self.description.get("StackStatus", "unknown")
            raise RelayctlError(
                f"stack {self.stack_name} ({status}) has no output {name}: it is not a stack of "
                "the relay, its deployment has not ended, or it is of another version"
            ) from None

    def call(self, output: str, request: Mapping[str, object]) -> dict[str, Any]:
        """Invoke the function that an output names, and return its answer.

        Raises:
            RelayctlError: the function refused the request or failed.
        """
        name = self.output(output)
        answer = self._invoke(name, json.dumps(request).encode())
        document = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            message = document.get("errorMessage") if isinstance(document, dict) else None
            raise RelayctlError(f"{name}: {message or document}")
        if not isinstance(document, dict):
            raise RelayctlError(f"{name} answered {document!r}, and not a JSON object")
        return document

    def _invoke(self, name: str, payload: bytes) -> "InvocationResponseTypeDef":
        for pause in _PAUSES:
            try:
                return self.functions.invoke(FunctionName=name, Payload=payload)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != _THROTTLED:
                    raise
            sleep(pause)
        return self.functions.invoke(FunctionName=name, Payload=payload)

    def ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Ask the reconcile function, which answers questions about requests."""
        return self.call("ReconcileFunctionName", request)

    def provision(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Call the provision function, which changes and describes the endpoint."""
        return self.call("ProvisionFunctionName", request)
