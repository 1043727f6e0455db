"""Fixtures of tests over a deployed stack, and what their outcomes say of AWS.

A test names the assumptions that it observes by `@pytest.mark.assumption("id", …)`. When it passes
they held; where it needs a finer answer, it says so itself through the fixture `observe`.
"""

import uuid
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.findings.observations import Observation, Observations, Verdict
from tests.acceptance.pipeline.ends import DeadLetters, Downstream
from tests.acceptance.stash import OBSERVATIONS, TARGET
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_OBSERVED = pytest.StashKey[frozenset[str]]()

_MARKER = "assumption(*ids): what this test observes, as docs/reference/aws-assumptions.md calls it"
_DETAIL_LENGTH = 300


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    config.stash.setdefault(OBSERVATIONS, Observations())


class Observe:
    """Says of one of the test's assumptions whether it held, before the test ends."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        item.stash[_OBSERVED] = frozenset()

    def __call__(self, assumption: str, *, held: bool, detail: str = "") -> None:
        self._add(assumption, Verdict.HELD if held else Verdict.BROKEN, detail)

    def not_possible(self, assumption: str, reason: str) -> None:
        self._add(assumption, Verdict.UNSEEN, reason)

    def _add(self, assumption: str, verdict: Verdict, detail: str) -> None:
        assert assumption in assumptions_of(self._item), f"{assumption} is not among the marker's"
        self._item.stash[_OBSERVED] |= {assumption}
        observations = self._item.config.stash[OBSERVATIONS]
        observations.add(assumption, Observation(verdict, self._item.name, detail))


def assumptions_of(item: pytest.Item) -> tuple[str, ...]:
    return tuple(id for marker in item.iter_markers("assumption") for id in marker.args)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    observation = _observation(item, call, report)
    if observation:
        observed = item.stash.get(_OBSERVED, frozenset())
        for assumption in set(assumptions_of(item)) - observed:
            item.config.stash[OBSERVATIONS].add(assumption, observation)
    return report


def _observation(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> Observation | None:
    """Of a test's end, or of a set-up that did not let it begin."""
    if report.when == "teardown" or (report.when == "setup" and report.passed):
        return None
    if report.passed:
        return Observation(Verdict.HELD, item.name)
    said = str(call.excinfo.value if call.excinfo else report.longrepr).strip() or "no message"
    detail = said.splitlines()[0][:_DETAIL_LENGTH]
    if report.skipped:
        return Observation(Verdict.UNSEEN, item.name, detail.removeprefix("Skipped: "))
    broken = call.excinfo is not None and call.excinfo.errisinstance(AssertionError)
    if broken and report.when == "call":
        return Observation(Verdict.BROKEN, item.name, detail)
    return Observation(Verdict.UNSEEN, item.name, f"{item.name} could not run: {detail}")


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Observe:
    return Observe(request.node)


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """Where the run was sent; the tests' own local stack if it was sent nowhere."""
    chosen = request.config.stash.get(TARGET, None)
    found: Target = chosen or request.getfixturevalue("local_target")
    return found


@pytest.fixture(scope="session")
def cloudformation(target: Target) -> "CloudFormationClient":
    client: CloudFormationClient = target.client("cloudformation")
    return client


@pytest.fixture(scope="session")
def s3(target: Target) -> "S3Client":
    client: S3Client = target.client("s3")
    return client


@pytest.fixture(scope="session")
def sns(target: Target) -> "SNSClient":
    client: SNSClient = target.client("sns")
    return client


@pytest.fixture(scope="session")
def sqs(target: Target) -> "SQSClient":
    client: SQSClient = target.client("sqs")
    return client


@pytest.fixture(scope="session")
def downstream(target: Target) -> Downstream:
    """The result queues, shared: a test's result may come while another one waits."""
    return Downstream(target)


@pytest.fixture(scope="session")
def dead_letters(target: Target) -> DeadLetters:
    return DeadLetters(target)


@pytest.fixture
def key() -> str:
    """A key that no other test uses, with letters that are easily spoilt."""
    return f"inputs/größe 1+1 & 100%/{uuid.uuid4().hex}.csv"
