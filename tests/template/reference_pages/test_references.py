"""The generated pages and tables of docs/ say what the template and the code say."""

from pathlib import Path

import pytest
from relay.aws.clients import LIMITS
from relay.delivery.report import Count
from relay.delivery.responses import MARGIN
from relay.provision.texts.call_failures import CALL_FAILURES
from relay.provision.texts.endings import ENDINGS
from relay.provision.texts.refusals import REFUSALS
from relay.provision.texts.remedies import REMEDIES

from local.stack.settings import REPOSITORY
from tests.template.references import PHASES, metrics, pages
from tests.template.template import source


@pytest.mark.parametrize(("path", "text"), pages().items(), ids=[path.name for path in pages()])
def test_a_page_is_as_make_references_writes_it(path: Path, text: str) -> None:
    assert path.read_text() == text, "run make references"


def test_every_parameter_is_on_its_page() -> None:
    page = (REPOSITORY / "docs/reference/parameters.md").read_text()

    assert [name for name in source()["Parameters"] if f"| `{name}` |" not in page] == []


def test_every_metric_has_its_meaning() -> None:
    page = metrics()

    assert [name for name in Count if f"| `{name}` |" not in page] == []


def test_every_ending_and_every_remedy_has_its_row() -> None:
    page = (REPOSITORY / "docs/reference/endings.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line]

    assert len(rows) == len(ENDINGS) + len(REFUSALS) + len(CALL_FAILURES) + len(REMEDIES) + 3
    assert "{" not in page.replace('{"alarms": false}', "")


@pytest.mark.parametrize("function", ["submit", "route"])
def test_the_phases_of_a_function_fit_into_its_time(function: str) -> None:
    timeout = source()["Globals"]["Function"]["Timeout"]
    phases = sum(seconds for name, _, seconds in PHASES if name == function)

    # A message that cannot be read is parked before.
    assert LIMITS["sqs"].seconds + phases + MARGIN.total_seconds() <= timeout


@pytest.mark.parametrize(
    ("function", "phase", "calls"),
    [
        ("submit", "claim", ["dynamodb"]),
        ("submit", "invoke", ["sagemaker-runtime"]),
        ("submit", "record, reject, release", ["dynamodb", "sqs"]),
        ("submit", "set delays, or queue direct calls", ["sqs"]),
        ("route", "look up", ["dynamodb"]),
        ("route", "read routes", ["ssm"]),
        ("route", "send", ["sqs"]),
        ("route", "send", ["sns"]),
        ("route", "send", ["events"]),
        ("route", "mark, hold", ["dynamodb"]),
        ("route", "set delays", ["sqs"]),
        ("reconcile", "a page of overdue requests", ["dynamodb"]),
        ("reconcile", "a page of a list", ["dynamodb"]),
        ("backfill", "write the record", ["dynamodb"]),
    ],
)
def test_a_phase_has_time_for_its_longest_calls(
    function: str, phase: str, calls: list[str]
) -> None:
    (seconds,) = (each for name, what, each in PHASES if (name, what) == (function, phase))

    assert sum(LIMITS[call].seconds for call in calls) <= seconds
