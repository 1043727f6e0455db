"""The composition root: an environment becomes a use case, or a message about what is wrong."""

import os
import subprocess
import sys

import pytest
from relay import bootstrap
from relay.aws.clock import SystemClock
from relay.backfill.backfill import Backfilling
from relay.backfill.operations import Operations
from relay.budget import Budget
from relay.errors import ConfigurationError
from relay.reconcile.reconcile import Reconcile
from relay.route.route import Route
from relay.submit.submit import Submit

from tests.support import samples

BUDGET = Budget(SystemClock())


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_each_function_has_its_use_case() -> None:
    reconcile, _ = bootstrap.reconcile(BUDGET, samples.RECONCILE_ENVIRONMENT)
    backfill, operations = bootstrap.backfill(BUDGET, samples.BACKFILL_ENVIRONMENT)

    assert isinstance(bootstrap.submit(BUDGET, samples.SUBMIT_ENVIRONMENT), Submit)
    assert isinstance(bootstrap.route(BUDGET, samples.ROUTE_ENVIRONMENT), Route)
    assert isinstance(reconcile, Reconcile)
    assert isinstance(backfill, Backfilling)
    assert isinstance(operations, Operations)


def test_a_deployment_that_is_wrong_does_not_start() -> None:
    with pytest.raises(ConfigurationError, match="ENDPOINT_NAME is missing; INPUT_BUCKET is"):
        bootstrap.submit(BUDGET, {})

    without = "ENDPOINT_NAME is missing; ENDPOINT_ARN is missing"
    with pytest.raises(ConfigurationError, match=without):
        bootstrap.route(BUDGET, {})


def test_a_function_does_not_load_what_belongs_to_the_others() -> None:
    question = (
        "import sys; from relay import bootstrap; from tests.support import samples; "
        "from relay.aws.clock import SystemClock; from relay.budget import Budget; "
        "bootstrap.route(Budget(SystemClock()), samples.ROUTE_ENVIRONMENT); "
        "print(*(name for name in sys.modules if name.startswith('relay.')))"
    )
    asked = subprocess.run(
        [sys.executable, "-c", question],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(asked.stdout.split())
    assert "relay.route.route" in loaded
    assert (
        not {
            "relay.aws.cloudformation",
            "relay.backfill",
            "relay.provision",
            "relay.reconcile.reconcile",
            "relay.submit.submit",
        }
        & loaded
    )
