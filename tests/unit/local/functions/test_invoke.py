"""Wrong usage of the command, which needs no stack."""

import io

import pytest

from local.functions.invoke import MISUSED, main
from local.stack.settings import REPOSITORY


@pytest.fixture(autouse=True)
def _no_signal_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.machine.interruption.install", lambda: None)


@pytest.mark.parametrize("arguments", [[], ["route"], ["nothing", "x.json"], ["route", "x", "y"]])
def test_wrong_usage_lists_the_functions_and_the_events(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    printed = capsys.readouterr()
    assert code == MISUSED == 2
    assert printed.out == ""
    assert "functions: submit, route, reconcile, backfill, provision" in printed.err
    for path in (REPOSITORY / "events").glob("*/*.json"):
        assert str(path.relative_to(REPOSITORY)) in printed.err


def test_an_event_that_is_not_there_lists_those_of_its_function_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["route", "events/route/nothing.json"])

    error = capsys.readouterr().err
    assert code == MISUSED
    assert "No such file" in error
    assert "events/route/completed-via-sqs.json" in error
    assert "events/submit/" not in error


def test_an_event_that_is_not_json_says_where_it_breaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": }'))

    code = main(["route", "-"])

    assert code == MISUSED
    assert "is not JSON: Expecting value: line 1 column 7" in capsys.readouterr().err
