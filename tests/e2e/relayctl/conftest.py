"""A stack for the runbooks, and the shell of an operator."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local.stack.settings import REPOSITORY
from tests.acceptance.targets.target import Target
from tests.e2e.further_stack import FurtherStack, remove_bucket
from tests.e2e.relayctl.runbook_stack import NAME, RunbookStack, log_in, parameters
from tests.support.pages.folders import environment
from tests.support.pages.terminal import Terminal, terminal
from tests.support.relayctl.prepared import function as prepared
from tests.support.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient


@pytest.fixture(scope="module")
def relay(
    stack: RunningStack,
    target: Target,
    cloudformation: "CloudFormationClient",
    s3: "S3Client",
    sns: "SNSClient",
) -> Iterator[RunbookStack]:
    """A stack with an endpoint and all alarms."""
    topic = sns.create_topic(Name=NAME)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="operators@example.com")
    made = FurtherStack(NAME, cloudformation, s3)
    try:
        status = made.deploy(AlarmTopicArn=topic, **parameters())
        assert status == "CREATE_COMPLETE", made.reasons()
        yield RunbookStack(stack, made, target)
    finally:
        made.delete()
        remove_bucket(s3, f"{NAME}-data-000000000000-us-east-1")
        sns.delete_topic(TopicArn=topic)


@pytest.fixture(scope="module")
def shell(
    relay: RunbookStack, stack: RunningStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """An operator's shell, after `. .local/env`."""
    folder = tmp_path_factory.mktemp("runbooks")
    variables = environment(REPOSITORY, os.environ) | {"PYTHON": sys.executable}
    with terminal(folder, variables, folder / "command") as opened:
        for text in (log_in(stack.settings.environment_file, relay.outputs), prepared(folder)):
            status, shown = opened.run(text, 10)
            assert status == 0, shown
        yield opened
