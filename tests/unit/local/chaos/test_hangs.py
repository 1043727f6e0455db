"""Windows in which a service hangs, and poison, follow their schedules."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.faults import Faults

from local.chaos import hangs
from local.chaos.hangs import Place, Silence, Windows, hang, silencer, silences
from local.chaos.poison import Poisoner
from local.chaos.run import restarts
from local.chaos.schedule import Dose, Schedule, Window
from local.stack.settings import StackSettings
from tests.support.stopped_clock import StoppedClock

PLACES = [Place(("SendMessage",), "completed", 20), Place(("GetParameter",), "routes", 8)]
OUTPUTS = {"SubmitQueueUrl": "submit", "NotificationQueueUrl": "notifications"}


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    monkeypatch.setattr(hangs, "set_aws_faults", lambda _, document: found.append(document))
    return found


def test_a_place_hangs_from_the_beginning_to_the_end_of_its_window(
    faults: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    clock = StoppedClock()
    windows = iter([Window(5, 0.6, 0.5), Window(100, 0.0, 1.0)])
    hanging = Windows(partial(hang, StackSettings(tmp_path, 1, 2)), PLACES, windows, clock)
    clock.seconds = 4.9
    hanging.strike()
    assert faults == [{"reorder": True, "hangs": []}]

    clock.seconds = 5
    hanging.strike()
    assert faults[-1]["hangs"] == [{"operations": ("GetParameter",), "text": "routes"}]

    clock.seconds = 9  # half of its longest window
    hanging.strike()
    assert faults[-1] == {"reorder": True, "hangs": []}
    assert hanging.windows == 1


def test_a_window_that_is_stopped_ends_at_once_and_only_once(
    faults: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    clock = StoppedClock()
    enforce = partial(hang, StackSettings(tmp_path, 1, 2))
    hanging = Windows(enforce, PLACES, iter([Window(5, 0.0, 1.0), Window(100, 0.0, 1.0)]), clock)
    clock.seconds = 5
    hanging.strike()

    hanging.stop()
    hanging.stop()

    assert [len(each["hangs"]) for each in faults] == [0, 1, 0]


@pytest.fixture
def endpoint_faults(monkeypatch: pytest.MonkeyPatch) -> list[Faults]:
    """The faults of the emulator, as it reads them."""
    found: list[Faults] = []

    def read(_: StackSettings, document: Any) -> None:
        found.append(read_document(Faults, document))

    monkeypatch.setattr(hangs, "set_faults", read)
    return found


@pytest.mark.parametrize("position", [0.0, 0.5])
def test_some_calls_to_the_endpoint_get_no_answer_during_a_window(
    endpoint_faults: list[Faults], tmp_path: Path, position: float
) -> None:
    clock, schedule = StoppedClock(), Schedule(7)
    windows = iter([Window(5, position, 1.0), Window(100, 0.0, 1.0)])
    enforce = silencer(StackSettings(tmp_path, 1, 2), schedule)
    silent = Windows(enforce, silences(schedule), windows, clock)
    for seconds in (5, 19, 20):
        clock.seconds = seconds
        silent.strike()

    shares = [(each.hang, each.lose_answer) for each in endpoint_faults]
    assert shares == [(0, 0), {0.0: (0.03, 0), 0.5: (0, 0.03)}[position], (0, 0)]
    assert {each.throttle for each in endpoint_faults} == {schedule.throttle}
    assert silent.windows == 1


def test_new_faults_of_the_endpoint_do_not_repeat_the_random_numbers_of_the_last(
    endpoint_faults: list[Faults], tmp_path: Path
) -> None:
    silence = silencer(StackSettings(tmp_path, 1, 2), Schedule(7))
    for trouble in (None, Silence("hang", 0.03), None):
        silence(trouble)

    assert len({each.seed for each in endpoint_faults}) == 3


def test_each_dose_of_poison_is_counted_where_it_must_end() -> None:
    clock, sqs = StoppedClock(), Mock()
    sqs.send_message.side_effect = [{"MessageId": "a"}, {"MessageId": "b"}]

    def doses() -> Iterator[Dose]:
        yield from (Dose(5, 0.0), Dose(5, 0.9), Dose(5, 0.0))

    poisoner = Poisoner(cast(Any, sqs), OUTPUTS, doses(), clock)
    for seconds in (4, 5, 10):
        clock.seconds = seconds
        poisoner.strike()

    urls = [call.kwargs["QueueUrl"] for call in sqs.send_message.call_args_list]
    assert urls == ["submit", "notifications"]
    assert poisoner.sent == {"SubmitDeadLetterQueue": ["a"], "NotificationDeadLetterQueue": ["b"]}


def test_the_emulator_is_killed_twice_in_a_long_run_and_not_in_a_short_one() -> None:
    assert restarts(120) == ()
    assert restarts(600) == (200, 400)
