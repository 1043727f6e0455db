"""Commands of `relayctl` over the real questions of reconcile, on a ledger in memory."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
from relay.errors import UnreadableMessage
from relay.ids import attempt_id
from relay.model import Attempt, AttemptState, Closing
from relay.reconcile.calls import read_action
from relay.s3uri import S3Uri
from typer.testing import CliRunner

from relayctl.app import app
from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError
from tests.support import samples
from tests.support.pipeline.reconciling import Search
from tests.support.samples import BUCKET, NOON

OUTPUTS = {"DataBucketName": BUCKET, "ReconcileFunctionName": "relay-reconcile"}


class FakeDeployment(Deployment):
    """A stack whose reconcile function is its real code over fakes.

    `functions_answer` holds what another function, by its output, answers to a request.
    """

    def __init__(self) -> None:
        super().__init__("relay", boto3.Session(region_name="us-east-1"))
        self.search = Search()
        self.functions_answer: dict[str, Callable[[Mapping[str, object]], dict[str, Any]]] = {}
        self.__dict__["outputs"] = dict(OUTPUTS)
        self.__dict__["description"] = {"StackStatus": "CREATE_COMPLETE"}

    def call(self, output: str, request: Mapping[str, object]) -> dict[str, Any]:
        if output in self.functions_answer:
            return self.functions_answer[output](request)
        assert output == "ReconcileFunctionName", f"{output} has no answer in this test"
        try:
            question = read_action(json.loads(json.dumps(request)), BUCKET)
        except UnreadableMessage as error:
            raise RelayctlError(f"relay-reconcile: {error}") from error
        self.search.begin()
        return json.loads(json.dumps(self.search.questions(question)))  # type: ignore[arg-type, no-any-return]

    def submitted(self, number: int, minutes: float = 0, key: str | None = None) -> Attempt:
        """Claim the first attempt of a request, this long after noon."""
        at = NOON + timedelta(minutes=minutes)
        attempt = samples.attempt(
            attempt_id(f"{number:032x}", 1),
            request_id=f"{number:032x}",
            submitted_at=at,
            due_at=at + timedelta(hours=7),
            location=S3Uri(BUCKET, key or f"inputs/{number}.csv"),
        )
        self.search.ledger.claim([attempt])
        return attempt

    def closed(
        self,
        attempt: Attempt,
        state: AttemptState,
        reason: str | None = None,
        delivered_by: tuple[str, ...] = ("otherwise",),
    ) -> None:
        """Mark an attempt as routed a minute after its submission."""
        at = attempt.submitted_at + timedelta(minutes=1)
        delivered = () if state is AttemptState.RETRIED else delivered_by
        self.search.ledger.close([Closing(attempt, state, at, delivered=delivered, reason=reason)])


def words(text: str) -> str:
    """Return what was printed, however wide the terminal was."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, with what it printed."""

    exit: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What a program reads."""
        return json.loads(self.out)


class Commands:
    """Runs commands against a deployment, as the command line does."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._runner = CliRunner(env={"STACK_NAME": "relay", "AWS_REGION": "us-east-1"})

    def __call__(self, *arguments: str, input: str | None = None) -> Ended:
        of = Deployment.__dict__["of"]
        Deployment.of = lambda *_: self._deployment  # type: ignore[method-assign]
        try:
            result = self._runner.invoke(app, arguments, input=input)
        finally:
            Deployment.of = of  # type: ignore[method-assign]
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)
