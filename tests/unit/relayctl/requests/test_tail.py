"""`relayctl tail`."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from relay.model import AttemptState, Held, Holding, Outcome
from relay.s3uri import S3Uri

from tests.support.relayctl.commands import Commands, Ended
from tests.support.relayctl.requests import SubmittingDeployment
from tests.support.samples import BUCKET, NOON
from tests.unit.relayctl.requests.conftest import Waits

Tail = Callable[..., Ended]


def stop() -> None:
    raise KeyboardInterrupt


@pytest.fixture
def tail(relayctl: Commands, waits: Waits) -> Tail:
    """Follow while the steps happen, one after each question, and stop then."""

    def follow(*options: str, steps: tuple[Callable[[], object], ...]) -> Ended:
        waits.then(*steps, stop)
        return relayctl("tail", "--since", NOON.isoformat(), *options)

    return follow


@pytest.fixture
def upload(deployment: SubmittingDeployment) -> Callable[[str], None]:
    def act(name: str) -> None:
        deployment.search.clock.advance(1)
        deployment.upload(S3Uri(BUCKET, f"inputs/{name}"), "e1")
        deployment.search.clock.advance(1)

    return act


def states(ended: Ended) -> list[tuple[str, str]]:
    """The name of the input and the state of each line, which is one document."""
    lines = [json.loads(line) for line in ended.out.splitlines()]
    return [(each["input_location"].rpartition("/")[2], each["state"]) for each in lines]


def test_shows_each_request_once_for_each_state(
    deployment: SubmittingDeployment, tail: Tail, upload: Callable[[str], None]
) -> None:
    upload("a.csv")
    steps = (
        partial(upload, "b.csv"),
        partial(deployment.complete, "a.csv", b""),
        lambda: None,
        partial(deployment.fail, "b.csv", "ClientError: no"),
    )

    ended = tail("--json", steps=steps)

    assert ended.exit == 0
    assert states(ended) == [
        ("a.csv", "submitted"),
        ("b.csv", "submitted"),
        ("a.csv", "completed"),
        ("b.csv", "failed"),
    ]


def test_shows_the_states_and_the_prefix_that_are_asked_for(
    deployment: SubmittingDeployment, tail: Tail, upload: Callable[[str], None]
) -> None:
    for name in ("a.csv", "team/b.csv", "team/c.csv"):
        upload(name)
    steps = (
        partial(deployment.fail, "a.csv", "no"),
        partial(deployment.fail, "b.csv", "no"),
        partial(deployment.complete, "c.csv", b""),
    )

    ended = tail("--json", "--state", "failed", "--prefix", "inputs/team/", steps=steps)

    assert states(ended) == [("b.csv", "failed")]


def test_follows_a_request_that_takes_hours(
    deployment: SubmittingDeployment, tail: Tail, upload: Callable[[str], None]
) -> None:
    upload("slow.csv")

    def hours_later() -> None:
        deployment.search.clock.advance(5 * 3_600)

    steps = (hours_later, partial(deployment.complete, "slow.csv", b""))

    assert states(tail("--json", steps=steps))[-1] == ("slow.csv", "completed")


def test_follows_a_result_that_is_held_until_it_is_delivered(
    deployment: SubmittingDeployment, tail: Tail, upload: Callable[[str], None]
) -> None:
    upload("a.csv")
    upload("b.csv")
    (attempt,) = deployment.attempts_of("a.csv")

    def hold() -> None:
        held = Held(Outcome.COMPLETED, (), ("team",))
        deployment.search.ledger.hold([Holding(attempt, held)])

    steps = (hold, lambda: None, partial(deployment.end, attempt, AttemptState.COMPLETED))

    found = [state for name, state in states(tail("--json", steps=steps)) if name == "a.csv"]

    assert found == ["submitted", "held", "completed"]


def test_asks_only_for_what_can_still_change(
    deployment: SubmittingDeployment,
    tail: Tail,
    upload: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload("a.csv")
    deployment.complete("a.csv", b"")
    deployment.search.clock.advance(3_600)
    asked: list[object] = []
    ask = deployment.call

    def call(output: str, request: dict[str, object]) -> dict[str, object]:
        asked.append(request["since"])
        return ask(output, request)

    monkeypatch.setattr(deployment, "call", call)

    tail(steps=(lambda: None,))

    first, second = asked
    assert first == NOON.isoformat()
    assert str(second) > (NOON + timedelta(minutes=50)).isoformat()


def test_a_person_reads_one_line_for_each_change(
    deployment: SubmittingDeployment, tail: Tail, upload: Callable[[str], None]
) -> None:
    upload("a.csv")
    deployment.fail("a.csv", "ClientError: [bold]no")
    (attempt,) = deployment.attempts_of("a.csv")

    ended = tail(steps=())

    assert ended.out == (
        f"2026-11-20 12:00:02  {attempt.id}  failed     s3://{BUCKET}/inputs/a.csv"
        "  ClientError: [bold]no\n"
    )


def test_says_first_what_is_paused(deployment: SubmittingDeployment, tail: Tail) -> None:
    deployment.mappings.states["relay-submit"] = "Disabled"

    assert "submit is paused" in tail(steps=()).err


def test_an_interval_that_is_none_is_refused(relayctl: Commands) -> None:
    assert "--interval is '0s'" in relayctl("tail", "--interval", "0s").err
