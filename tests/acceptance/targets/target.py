"""Where the acceptance tests run: a deployed stack, AWS's APIs, and how long things take there."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tests.acceptance.pipeline.routing import Routing

T = TypeVar("T")

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
# `relayctl routes set` promises it: so long the routes of before may decide.
_ROUTES_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take at a target.

    `patience` multiplies every deadline of a test. `pause` lies between two looks. `lag` is how
    long a queue's counts, or a deletion, may need until every look shows them. `change_seconds`
    bounds a stack update or a roll-out, `scaling_seconds` one step of scaling.
    """

    patience: float
    pause: float
    lag: float
    change_seconds: float
    scaling_seconds: float
    test_seconds: float


class Target(ABC):
    """A deployed stack as an account's user meets it."""

    name: str
    stack_name: str
    pace: Pace
    scaling: bool = True  # whether scaling to zero and back is worth its time
    _outputs: Mapping[str, str] | None = None

    @abstractmethod
    def client(self, service: str) -> Any:
        """A boto3 client."""

    @abstractmethod
    def sam_deploy(self, stack_name: str, parameters: Mapping[str, str]) -> None:
        """Runs `sam deploy` with the built template and the model.

        Raises:
            RuntimeError: it failed; with what it said.
        """

    @abstractmethod
    def hurried(self) -> AbstractContextManager[None]:
        """Lets alarms and cooldowns pass sooner inside the block, where the target can."""

    @property
    @abstractmethod
    def artifact(self) -> str:
        """S3 URI of a model.tar.gz outside the stack's bucket."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Of the stack; they change when it is updated."""
        if self._outputs is None:
            self._outputs = self.outputs_of(self.stack_name)
        return self._outputs

    @cached_property
    def routing(self) -> Routing:
        """Where results of the stack go."""
        identity = self.client("sts").get_caller_identity()
        partition = identity["Arn"].split(":")[1]
        return Routing(partition, self.region, identity["Account"], self.stack_name)

    @property
    def region(self) -> str:
        return str(self.client("sts").meta.region_name)

    def deploy(self, stack_name: str, parameters: Mapping[str, str]) -> None:
        """Deploys a stack as `sam_deploy` does.

        Raises:
            RuntimeError: with CloudFormation's reasons, if it came so far.
        """
        try:
            self.sam_deploy(stack_name, parameters)
        except RuntimeError as error:
            reasons = failures(self.client("cloudformation"), stack_name)
            raise RuntimeError("\n".join([*reasons, str(error)])) from error

    def outputs_of(self, stack_name: str) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def eventually(self, probe: Callable[[], T | None], seconds: float, what: str) -> T:
        """The first thing that `probe` finds; `seconds` are those of a fast target."""
        return eventually(probe, seconds * self.pace.patience, what, self.pace.pause)

    def changed(self, probe: Callable[[], T | None], what: str) -> T:
        """As `eventually`, with the time that a stack or an endpoint takes to change."""
        return eventually(probe, self.pace.change_seconds, what, self.pace.pause)

    def scaled(self, probe: Callable[[], T | None], what: str) -> T:
        """As `eventually`, with the time that an idle endpoint takes to lose or get instances."""
        return eventually(probe, self.pace.scaling_seconds, what, self.pace.pause)

    def call(self, function: str, payload: object) -> Any:
        """Invokes a function of the stack, named by its output; returns its answer."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[function], Payload=json.dumps(payload)
        )
        outcome = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, outcome
        return outcome

    def updated(self, **changes: str) -> tuple[str, list[str]]:
        """Updates the stack with other parameters: its status then, and what failed and why.

        Changed routes are in force when it returns.
        """
        cloudformation = self.client("cloudformation")
        stack = cloudformation.describe_stacks(StackName=self.stack_name)["Stacks"][0]
        stack_id, given = stack["StackId"], stack["Parameters"]
        known = {event["EventId"] for event in stack_events(cloudformation, stack_id)}
        cloudformation.update_stack(
            StackName=stack_id,
            UsePreviousTemplate=True,
            Capabilities=list(CAPABILITIES),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": changes[name]}
                if name in changes
                else {"ParameterKey": name, "UsePreviousValue": True}
                for name in (each["ParameterKey"] for each in given)
            ],
        )
        ended = self.changed(lambda: settled(cloudformation, stack_id), "the end of the update")
        self._outputs = None
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in stack_events(cloudformation, stack_id)
            if event["EventId"] not in known and event["ResourceStatus"] == "UPDATE_FAILED"
        ]
        if "Routes" in changes and ended == "UPDATE_COMPLETE":
            await_routes()
        return ended, reasons

    def delete(self, stack_name: str) -> None:
        """Deletes a stack and waits for the end."""
        cloudformation = self.client("cloudformation")
        stack_id = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=stack_name)
        status = self.changed(lambda: settled(cloudformation, stack_id), "the end of the deletion")
        assert status == "DELETE_COMPLETE"


def await_routes() -> None:
    """Wait until no environment of route remembers the document before the last change."""
    time.sleep(_ROUTES_SECONDS)


def eventually(probe: Callable[[], T | None], seconds: float, what: str, pause: float = 0.1) -> T:
    """The first thing that `probe` finds. Fails with `what` when it finds nothing in time."""
    deadline = time.monotonic() + seconds
    while True:
        if found := probe():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(pause)


def settled(cloudformation: Any, stack_id: str) -> str | None:
    """The stack's status, once nothing is under way."""
    try:
        found = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return "DELETE_COMPLETE"
        raise
    status = str(found[0]["StackStatus"]) if found else "DELETE_COMPLETE"
    return None if status.endswith("IN_PROGRESS") else status


def stack_events(cloudformation: Any, stack_id: str) -> list[Any]:
    """Newest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [event for page in pages for event in page["StackEvents"]]


def failures(cloudformation: Any, stack_name: str) -> list[str]:
    """What failed in the life of a stack and why, the oldest first.

    DescribeEvents also has what CloudFormation found before it made a resource.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
    """
    try:
        events = [
            event
            for page in cloudformation.get_paginator("describe_events").paginate(
                StackName=stack_name
            )
            for event in page["OperationEvents"]
        ]
    except ClientError:
        return []  # CloudFormation has not begun
    reasons = [
        f"{event.get('LogicalResourceId', stack_name)}: {reason}"
        for event in reversed(events)
        if "FAILED" in f"{event.get('ResourceStatus')} {event.get('ValidationStatus')}"
        and (reason := event.get("ValidationStatusReason") or event.get("ResourceStatusReason"))
    ]
    return list(dict.fromkeys(reasons))
