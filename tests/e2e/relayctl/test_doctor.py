"""`relayctl doctor` on the local stack: each fault in a stack is found, and nothing on a good one.

The faults are put into a further stack, which nothing else uses.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.stack.deployment import ARTIFACT_BUCKET
from local.stack.settings import REPOSITORY
from relayctl.doctor.doctor import examine
from relayctl.doctor.findings import Finding
from tests.e2e.further_stack import FurtherStack, remove_bucket
from tests.support.relayctl.drift import FAULTS
from tests.support.relayctl.drift.fault import ChangedStack, Fault
from tests.support.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

_NAME = "relay-doctor"
# What other tests do to the common stack meanwhile; all the rest would be a false finding.
_LIVE = {
    *("dead-letters", "alarm-in-alarm", "event-source-mapping-disabled", "route-target"),
    *("endpoint-changing", "endpoint-status", "endpoint-roll-out"),
}


def doctor(stack: RunningStack, *options: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it after `. .local/env`."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "relayctl", "doctor", *options],
        cwd=REPOSITORY,
        env=others | {"PYTHONPATH": "layers/relay"} | dict(stack.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def further(
    stack: RunningStack,
    cloudformation: "CloudFormationClient",
    s3: "S3Client",
    sns: "SNSClient",
) -> Iterator[ChangedStack]:
    """A good stack with all alarms and without an endpoint."""
    topic = sns.create_topic(Name=_NAME)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="operators@example.com")
    made = FurtherStack(_NAME, cloudformation, s3)
    try:
        assert made.deploy(AlarmTopicArn=topic) == "CREATE_COMPLETE", made.reasons()
        with stack.variables():
            found = ChangedStack(_NAME, boto3.Session())
            found.packages = ARTIFACT_BUCKET
            yield found
    finally:
        made.delete()
        remove_bucket(s3, f"{_NAME}-data-000000000000-us-east-1")
        sns.delete_topic(TopicArn=topic)


def found(stack: ChangedStack) -> list[Finding]:
    return [each for each in examine(stack.again()) if each.check != "alarm-topic"]


def test_nothing_false_is_found_on_the_stack_that_is_up(stack: RunningStack) -> None:
    ended = doctor(stack, "--json")

    document: dict[str, Any] = json.loads(ended.stdout)
    assert {each["check"] for each in document["findings"]} <= _LIVE, document["findings"]
    assert ended.returncode == int(document["needs_a_person"])
    assert ended.stderr == ""


def test_nothing_is_found_on_a_good_stack(stack: RunningStack, further: ChangedStack) -> None:
    ended = doctor(stack, "--stack-name", _NAME)

    assert ended.returncode == 0, ended.stdout
    assert not found(further)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_and_taken_back_by_what_the_finding_says(
    fault: Fault, further: ChangedStack
) -> None:
    fault.change(further)
    findings = found(further)

    assert [(each.check, each.resource) for each in findings] == [(fault.check, fault.resource)]

    if fault.undo:
        fault.undo(further)
    for call in findings[0].repair:
        getattr(further.client(call.service), call.operation)(**call.parameters)
    assert found(further) == []
