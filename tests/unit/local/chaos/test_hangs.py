"""Windows in which a service hangs, and poison, follow their schedules."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from local.chaos import hangs
from local.chaos.hangs import Hanging, Place
from local.chaos.poison import Poisoner
from local.chaos.run import restarts
from local.chaos.schedule import Dose, Window
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
    hanging = Hanging(StackSettings(tmp_path, 1, 2), PLACES, windows, clock)
    clock.seconds = 4.9
    hanging.strike()
    assert faults == [{"reorder": True}]

    clock.seconds = 5
    hanging.strike()
    assert faults[-1]["hangs"] == [{"operations": ("GetParameter",), "text": "routes"}]

    clock.seconds = 9  # half of its longest window
    hanging.strike()
    assert faults[-1] == {"reorder": True}
    assert hanging.windows == 1


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
