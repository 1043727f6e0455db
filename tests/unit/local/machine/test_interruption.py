"""SIGINT, SIGTERM and SIGHUP as one exception."""

import os
import signal
from collections.abc import Iterator

import pytest

from local.machine import interruption
from local.machine.interruption import Interrupted, postponed

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    interruption.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", _SIGNALS)
def test_each_signal_ends_the_command_with_the_usual_exit_code(number: signal.Signals) -> None:
    with pytest.raises(Interrupted) as caught:
        os.kill(os.getpid(), number)

    assert str(caught.value) == number.name
    assert caught.value.exit_code == 128 + number


def test_a_step_that_must_not_be_cut_in_two_is_finished_first() -> None:
    finished = False

    with pytest.raises(Interrupted), postponed():
        os.kill(os.getpid(), signal.SIGTERM)
        finished = True

    assert finished


def test_steps_within_a_step_are_finished_with_it() -> None:
    steps = []

    with pytest.raises(Interrupted), postponed():
        with postponed():
            os.kill(os.getpid(), signal.SIGINT)
            steps.append("inner")
        steps.append("outer")

    assert steps == ["inner", "outer"]


def test_an_error_in_a_step_is_kept_behind_the_interruption() -> None:
    with pytest.raises(Interrupted) as caught, postponed():
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("broken")

    assert isinstance(caught.value.__context__, ValueError)
