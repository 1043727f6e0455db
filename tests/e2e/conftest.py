"""Clients with nothing but the exported variables, and the far ends of the pipeline."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.e2e.chaos import running_chaos
from tests.e2e.pipeline import DeadLetters, Downstream
from tests.stack import RunningStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Chaos begins with the first of these tests and is looked at after the last one."""
    items.sort(key=_about_chaos)


def _about_chaos(item: pytest.Item) -> bool:
    return item.path.name == "test_chaos.py"


@pytest.fixture(scope="session")
def chaos_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos") / "log"


@pytest.fixture(scope="session")
def chaos(chaos_log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with running_chaos(chaos_log) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _chaos_meanwhile(request: pytest.FixtureRequest) -> None:
    if any(map(_about_chaos, request.session.items)):
        request.getfixturevalue("chaos")


@pytest.fixture(scope="session")
def cloudformation(stack: RunningStack) -> "CloudFormationClient":
    with stack.variables():
        return boto3.Session().client("cloudformation")


@pytest.fixture(scope="session")
def s3(stack: RunningStack) -> "S3Client":
    with stack.variables():
        return boto3.Session().client("s3")


@pytest.fixture(scope="session")
def sns(stack: RunningStack) -> "SNSClient":
    with stack.variables():
        return boto3.Session().client("sns")


@pytest.fixture(scope="session")
def sqs(stack: RunningStack) -> "SQSClient":
    with stack.variables():
        return boto3.Session().client("sqs")


@pytest.fixture(scope="session")
def downstream(stack: RunningStack, sqs: "SQSClient") -> Downstream:
    """The result queues, shared: a test's result may come while another one waits."""
    return Downstream(sqs, stack.outputs)


@pytest.fixture(scope="session")
def dead_letters(stack: RunningStack, sqs: "SQSClient") -> DeadLetters:
    return DeadLetters(sqs, stack.outputs)


@pytest.fixture
def key() -> str:
    """A key that no other test uses, with letters that are easily spoilt."""
    return f"inputs/größe 1+1 & 100%/{uuid.uuid4().hex}.csv"
