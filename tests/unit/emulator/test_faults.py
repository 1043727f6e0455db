"""Documents that configure the emulator, and dice that fall the same way twice."""

from dataclasses import asdict
from typing import Any

import pytest
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.errors import InvalidConfiguration
from async_endpoint_emulator.faults import FaultInjector, Faults


def test_a_document_is_read_and_written_back() -> None:
    document = {"creation_seconds": 1, "notifications": {"failure_location": True}}

    config = read_document(Config, document)

    assert config.creation_seconds == 1.0
    assert config.notifications.failure_location
    assert read_document(Config, asdict(config)) == config


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"lose_notifications": 0.5}, "lose_notifications is unknown (known: crash_model_server"),
        ({"throttle": 1.5}, "throttle must be between 0.0 and 1.0, not 1.5"),
        ({"throttle": "0.5"}, "throttle must be a number"),
        ({"throttle": True}, "throttle must be a number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"fail_next_creation": 1}, "fail_next_creation must be a string"),
        ([], "the document must be a JSON object"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(document: Any, words: str) -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        read_document(Faults, document)

    assert words in str(refusal.value)


def test_every_problem_is_named_with_its_path() -> None:
    document = {
        "notifications": {"omit_accept": 1},
        "containers": {"x": 1},
        "events_per_change": -1,
    }

    with pytest.raises(InvalidConfiguration) as refusal:
        read_document(Config, document)

    message = str(refusal.value)
    assert "notifications.omit_accept must be true or false" in message
    assert "containers must be an object of strings" in message
    assert "events_per_change must be between 0 and 10" in message


def test_the_same_seed_gives_the_same_faults() -> None:
    def rolls(seed: int) -> list[bool]:
        injector = FaultInjector(Faults(seed=seed))
        return [injector.strikes(0.5) for _ in range(64)]

    assert rolls(1) == rolls(1)
    assert rolls(1) != rolls(2)


def test_replacing_faults_starts_the_random_numbers_afresh() -> None:
    injector = FaultInjector(Faults(seed=3))
    first = [injector.strikes(0.5) for _ in range(64)]

    injector.replace(Faults(seed=3))

    assert [injector.strikes(0.5) for _ in range(64)] == first


def test_a_creation_failure_is_taken_once() -> None:
    injector = FaultInjector(Faults(fail_next_creation="no capacity", throttle=0.5))

    assert injector.take("fail_next_creation") == "no capacity"
    assert injector.take("fail_next_creation") == ""
    assert injector.faults.throttle == 0.5
