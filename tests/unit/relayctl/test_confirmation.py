"""Asking before a change."""

import io
import sys

import pytest

from relayctl.confirmation import confirm
from relayctl.errors import Declined, Misused
from relayctl.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_an_answer_that_agrees_goes_on(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    confirm(Output(as_json=False), "Delete 3 messages?", yes=False)


@pytest.mark.parametrize("answer", ["\n", "n\n", "", "delete\n"])
def test_any_other_answer_changes_nothing(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    with pytest.raises(Declined, match="nothing was changed"):
        confirm(Output(as_json=False), "Delete 3 messages?", yes=False)


def test_without_a_terminal_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))

    with pytest.raises(Misused, match="add --yes"):
        confirm(Output(as_json=False), "Delete 3 messages?", yes=False)


def test_yes_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    confirm(Output(as_json=False), "Delete 3 messages?", yes=True)
