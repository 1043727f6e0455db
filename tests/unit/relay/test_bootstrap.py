"""The composition root: an environment becomes a use case, or a message about what is wrong."""

import pytest
from relay import bootstrap
from relay.errors import ConfigurationError
from relay.reconciliation import Reconcile
from relay.routing import Route
from relay.submission import Submit

from tests import samples


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_each_function_has_its_use_case() -> None:
    reconcile, _ = bootstrap.reconcile(
        {**samples.ROUTE_ENVIRONMENT, "NOTIFICATION_QUEUE_URL": samples.NOTIFICATION_QUEUE}
    )

    assert isinstance(bootstrap.submit(samples.SUBMIT_ENVIRONMENT), Submit)
    assert isinstance(bootstrap.route(samples.ROUTE_ENVIRONMENT), Route)
    assert isinstance(reconcile, Reconcile)


def test_a_deployment_that_is_wrong_does_not_start() -> None:
    with pytest.raises(ConfigurationError, match="ENDPOINT_NAME is missing; INPUT_PATH must be"):
        bootstrap.submit({})

    with pytest.raises(ConfigurationError, match="ENDPOINT_NAME is missing; OUTPUT_PATH must be"):
        bootstrap.route({})
