"""InvokeEndpointAsync when time runs out: what was in flight, and what was not begun."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from threading import Event
from typing import Any, cast

import pytest
from relay.aws.sagemaker.endpoint import INVOCATIONS_AT_A_TIME, SageMakerEndpoint
from relay.budget import Budget
from relay.errors import NotTried, Unanswered
from relay.model import InferenceRequest
from relay.ports import Submission
from relay.s3uri import S3Uri

from tests.support import samples
from tests.support.fakes.ports import FakeClock


class HangingRuntime:
    """A client whose calls hang until `release`. `called` are the inference ids."""

    def __init__(self) -> None:
        self.release = Event()
        self.called: list[str] = []

    def invoke_endpoint_async(self, **request: Any) -> dict[str, str]:
        self.called.append(request["InferenceId"])
        assert self.release.wait(20)
        return {"InferenceId": request["InferenceId"]}


@pytest.fixture
def runtime() -> Iterator[HangingRuntime]:
    runtime = HangingRuntime()
    yield runtime
    runtime.release.set()


def test_what_was_not_begun_in_time_is_never_called(runtime: HangingRuntime) -> None:
    """Its claim is released, so a call afterwards would be a second inference."""
    clock = FakeClock()
    budget = Budget(clock)
    budget.begin(clock.now() + timedelta(seconds=0.5))
    endpoint = SageMakerEndpoint(cast(Any, runtime), "relay", budget)
    submissions = [
        Submission(
            InferenceRequest(f"{number:032x}", S3Uri(samples.BUCKET, "inputs/a.csv")),
            samples.attempt(f"{number:032x}"),
        )
        for number in range(25)
    ]

    answers = endpoint.invoke(submissions)

    in_flight = {key for key, answer in answers.items() if type(answer) is Unanswered}
    assert Counter(map(type, answers.values())) == {
        Unanswered: INVOCATIONS_AT_A_TIME,
        NotTried: 25 - INVOCATIONS_AT_A_TIME,
    }
    runtime.release.set()
    budget.begin(clock.now() + timedelta(seconds=20))
    endpoint.invoke(submissions[:1])
    assert set(runtime.called) == in_flight
