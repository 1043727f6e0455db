"""A stack of the last released version, and the version of today deployed over it."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from local.stack.deployment import ARTIFACT_BUCKET
from local.stack.emulator import set_faults
from tests.acceptance.pipeline.ends import depth, results_on
from tests.acceptance.targets.sam import Sam
from tests.acceptance.targets.target import Target, eventually
from tests.support.stack import RunningStack
from tests.upgrade.released import Tree

NAME: Final = "relay-upgrade"
BUCKET: Final = f"{NAME}-data-000000000000-us-east-1"
RESULTS, LATER = f"{NAME}-results", f"{NAME}-later"
ROW: Final = ",".join(["0.5"] * 30)

_QUEUES: Final = "arn:aws:sqs:us-east-1:000000000000"
# LATER is created after the upgrade: until then its results are held.
_ROUTES: Final = {
    "routes": [
        {"name": "all", "to": f"{_QUEUES}:{RESULTS}"},
        {"name": "later", "when": "contains(subject, '/held/')", "to": f"{_QUEUES}:{LATER}"},
    ],
    "otherwise": {"to": f"{_QUEUES}:{RESULTS}"},
}
TTL_SECONDS, TIMEOUT_SECONDS, RETRY_SECONDS = 60, 10, 60
_PARAMETERS: Final = {
    "EndpointName": NAME,
    "Routes": json.dumps(_ROUTES),
    "RouteTargetArns": f"{_QUEUES}:{RESULTS},{_QUEUES}:{LATER}",
    "RequestTtlSeconds": f"{TTL_SECONDS}",
    "InvocationTimeoutSeconds": f"{TIMEOUT_SECONDS}",
    "OverdueSlackSeconds": "0",
    "RetryDelaySeconds": f"{RETRY_SECONDS}",
    "ReconcileSchedule": "rate(1 day)",
    "BatchingWindowSeconds": "0",
}
_SAM_SECONDS = 240.0
_SECONDS = 90.0
_SWEEP = json.dumps({"detail-type": "Scheduled Event"})
# CloudFormation creates it after everything that the functions need, and rolls the update back.
_BROKEN: Final = {
    "Type": "Custom::Broken",
    "DependsOn": ["SubmitFunction", "RouteFunction", "ReconcileFunction", "ProvisionFunction"],
    "Properties": {
        "ServiceToken": {
            "Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:absent"
        }
    },
}


class UpgradedStack:
    """The stack by its parts, as an operator and an uploader meet them."""

    def __init__(self, stack: RunningStack, target: Target, earlier: Tree) -> None:
        self._stack, self._earlier, self._target = stack, earlier, target
        self._s3, self._sqs = target.client("s3"), target.client("sqs")
        self._lambda = target.client("lambda")
        self.cloudformation = target.client("cloudformation")
        with stack.variables():
            environment = dict(os.environ)
        self._sam = Sam(stack.directory / NAME, environment, ("--region", "us-east-1"))
        self._built = stack.settings.sam_directory / "build" / "template.yaml"
        self.outputs: Mapping[str, str] = {}

    # --- deployments -----------------------------------------------------------------------------

    def deploy_released(self) -> None:
        self._sqs.create_queue(QueueName=RESULTS)
        template = self._sam.build(_SAM_SECONDS, self._earlier.root / "template.yaml")
        self._deploy(template)
        self.outputs = self._target.outputs_of(NAME)

    def upgrade(self) -> None:
        """Deploy the version of today, sweeping meanwhile as the schedule does."""
        self._deploy(self._built)

    def upgrade_and_fail(self) -> None:
        """The same, but CloudFormation rolls the update back when all functions are updated."""
        document: Any = yaml_parse(self._built.read_text())
        document["Resources"]["Broken"] = _BROKEN
        template = self._built.with_name("broken.yaml")
        template.write_text(json.dumps(document))
        try:
            self._deploy(template)
        except RuntimeError:
            assert self.status() == "UPDATE_ROLLBACK_COMPLETE"
        else:
            raise AssertionError("the update did not fail")
        finally:
            template.unlink()

    def status(self) -> str:
        found = self.cloudformation.describe_stacks(StackName=NAME)["Stacks"]
        return str(found[0]["StackStatus"])

    def _deploy(self, template: Any) -> None:
        given = {"ModelDataUrl": self._target.artifact, **_PARAMETERS}
        self._sam.deploy(template, NAME, ARTIFACT_BUCKET, given, _SAM_SECONDS)

    # --- requests --------------------------------------------------------------------------------

    def upload(self, key: str) -> str:
        """Upload an input, and return its location."""
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=ROW.encode())
        return f"s3://{BUCKET}/{key}"

    def objects(self, prefix: str) -> int:
        found = self._s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return len(found.get("Contents", []))

    def send(self, queue: str, body: str) -> None:
        self._sqs.send_message(QueueUrl=self.outputs[queue], MessageBody=body)

    def waiting(self, queue: str) -> int:
        return depth(self._sqs, self.outputs[queue])

    def create_later(self) -> None:
        self._sqs.create_queue(QueueName=LATER)

    def take(self, queue: str) -> list[str]:
        """Take the results that are on one of the targets; their subjects."""
        url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return [str(each["subject"]) for each in results_on(self._sqs, url)]

    def invoke(self, function: str, event: object) -> Any:
        answer = self._lambda.invoke(
            FunctionName=self._physical(f"{function}Function"), Payload=json.dumps(event)
        )
        outcome = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, outcome
        return outcome

    def sweep(self) -> None:
        self._lambda.invoke(FunctionName=self._physical("ProvisionFunction"), Payload=_SWEEP)

    def listen(self, function: str, *, on: bool) -> None:
        """Whether the function receives messages of its queue."""
        found = self._lambda.list_event_source_mappings(
            FunctionName=self._physical(f"{function}Function")
        )
        (mapping,) = found["EventSourceMappings"]
        self._lambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)

    @contextmanager
    def fault(self, **faults: float) -> Iterator[None]:
        set_faults(self._stack.settings, faults)
        try:
            yield
        finally:
            set_faults(self._stack.settings, {})

    def artifact(self, key: str) -> str:
        """Copy the model to another location."""
        bucket, _, source = self._target.artifact.removeprefix("s3://").partition("/")
        self._s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": source})
        return f"s3://{bucket}/{key}"

    def await_(self, look: Callable[[], object], what: str, seconds: float = _SECONDS) -> None:
        eventually(look, seconds, what)

    def close(self) -> None:
        """Leave nothing behind."""
        self.cloudformation.delete_stack(StackName=NAME)
        deadline = time.monotonic() + _SECONDS
        while self._exists() and time.monotonic() < deadline:
            time.sleep(1)
        for queue in (RESULTS, LATER):
            for url in self._sqs.list_queues(QueueNamePrefix=queue).get("QueueUrls", []):
                self._sqs.delete_queue(QueueUrl=url)

    def _exists(self) -> bool:
        try:
            return self.status() != "DELETE_COMPLETE"
        except self.cloudformation.exceptions.ClientError:
            return False

    def _physical(self, logical_id: str) -> str:
        found = self.cloudformation.describe_stack_resource(
            StackName=NAME, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])
