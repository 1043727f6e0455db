"""A deployment to which requests can be submitted, and time that passes when a command waits."""

from collections.abc import Callable

import pytest

from tests.support.relayctl.requests import SubmittingDeployment


class Waits:
    """The pauses of commands. What is planned happens in them, one step in each."""

    def __init__(self, deployment: SubmittingDeployment) -> None:
        self.now = 0.0
        self.planned: list[Callable[[], object]] = []
        self._deployment = deployment

    def then(self, *steps: Callable[[], object]) -> None:
        self.planned += steps

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._deployment.search.clock.advance(seconds)
        if self.planned:
            self.planned.pop(0)()

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def deployment() -> SubmittingDeployment:
    return SubmittingDeployment()


@pytest.fixture(autouse=True)
def waits(deployment: SubmittingDeployment, monkeypatch: pytest.MonkeyPatch) -> Waits:
    made = Waits(deployment)
    for module in ("wait", "tail"):
        monkeypatch.setattr(f"relayctl.requests.{module}.sleep", made.sleep)
        monkeypatch.setattr(f"relayctl.requests.{module}.monotonic", made.monotonic)
    monkeypatch.setattr("relayctl.requests.tail.now", deployment.search.clock.now)
    monkeypatch.setattr("relayctl.requests.submission.sleep", made.sleep)
    return made
