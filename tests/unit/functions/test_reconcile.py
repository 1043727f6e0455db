"""The reconcile function as Lambda imports it, over fakes."""

import json
from types import ModuleType

import pytest
from relay.errors import AccessDenied

from tests.support import samples
from tests.support.pipeline.invocations import Counts, LambdaContext
from tests.support.pipeline.reconciling import Search
from tests.support.samples import BUCKET, Json

ID, OTHER = "a" * 32, "b" * 32
SCHEDULED = samples.event("reconcile/schedule")


@pytest.fixture
def search(reconcile_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Search:
    search = Search()
    monkeypatch.setattr(reconcile_module, "clock", search.clock)
    monkeypatch.setattr(reconcile_module, "budget", search.budget)
    monkeypatch.setattr(reconcile_module, "questions", search.questions)
    monkeypatch.setattr(reconcile_module, "reconcile", search.use_case)
    return search


def test_a_run_returns_its_counts(
    search: Search, reconcile_module: ModuleType, context: LambdaContext
) -> None:
    search.overdue(ID)

    answer = reconcile_module.handler(SCHEDULED, context)

    assert answer == {"counts": {"Overdue": 1}, "minutes_behind": 0}


def test_a_run_that_met_an_error_counts_what_it_did_and_fails(
    search: Search, reconcile_module: ModuleType, context: LambdaContext, counts: Counts
) -> None:
    search.overdue(ID, OTHER)
    search.storage.refused[f"{samples.OUTPUTS}{ID}"] = AccessDenied("not authorized to list")

    with pytest.raises(AccessDenied, match="not authorized to list"):
        reconcile_module.handler(SCHEDULED, context)

    assert counts() == {"Overdue": 1, "Postponed": 1, "AccessDenied": 1, "MinutesBehind": 0}


def test_a_list_is_returned(
    search: Search, reconcile_module: ModuleType, context: LambdaContext
) -> None:
    assert reconcile_module.handler({"action": "list"}, context) == {"requests": []}


@pytest.mark.parametrize(
    ("question", "state"),
    [
        ({"request_id": OTHER}, "unknown"),
        ({"request_id": ID}, "submitted"),
        ({"input_location": f"s3://{BUCKET}/inputs/a.csv"}, "submitted"),
        ({"key": "inputs/a.csv"}, "submitted"),
        ({"key": "inputs/b.csv"}, "no_object"),
        ({"key": "outputs/b.csv"}, "not_an_input"),
    ],
)
def test_a_status_is_returned(
    search: Search,
    reconcile_module: ModuleType,
    context: LambdaContext,
    question: Json,
    state: str,
) -> None:
    search.ledger.claim([samples.attempt(ID)])

    answer = reconcile_module.handler({"action": "status", **question}, context)

    assert answer["state"] == state
    assert answer["next_step"]
    json.dumps(answer)
