"""The route document's versions in Parameter Store, as moto has it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws
from relay.aws.parameters import SsmRouteDocuments
from relay.errors import AccessDenied, PermanentError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NAME = "/relay/routes"
MAX_AGE = timedelta(seconds=60)


@pytest.fixture
def ssm() -> Iterator["SSMClient"]:
    with mock_aws():
        yield boto3.client(
            "ssm", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def put(ssm: "SSMClient", text: str) -> None:
    ssm.put_parameter(Name=NAME, Value=text, Type="String", Overwrite=True)


def test_the_latest_version_is_read(ssm: "SSMClient") -> None:
    put(ssm, "one")
    put(ssm, "two")

    assert SsmRouteDocuments(ssm, NAME, MAX_AGE).latest() == "two"


def test_within_its_age_it_is_read_once(ssm: "SSMClient") -> None:
    documents = SsmRouteDocuments(ssm, NAME, MAX_AGE)
    put(ssm, "one")
    documents.latest()

    put(ssm, "two")

    assert documents.latest() == "one"


def test_a_fresh_read_ignores_the_cache(ssm: "SSMClient") -> None:
    documents = SsmRouteDocuments(ssm, NAME, MAX_AGE)
    put(ssm, "one")
    documents.latest()

    put(ssm, "two")

    assert documents.latest(fresh=True) == "two"
    assert documents.latest() == "two"


def test_what_could_not_be_read_is_asked_for_again_at_once(ssm: "SSMClient") -> None:
    documents = SsmRouteDocuments(ssm, NAME, MAX_AGE)
    with pytest.raises(PermanentError):
        documents.latest()

    put(ssm, "one")

    assert documents.latest() == "one"


def test_earlier_versions_come_with_the_newest_first_over_all_pages(ssm: "SSMClient") -> None:
    for number in range(1, 71):
        put(ssm, f"text {number}")

    earlier = list(SsmRouteDocuments(ssm, NAME, MAX_AGE).earlier())

    assert earlier == [(number, f"text {number}") for number in range(70, 0, -1)]


def test_a_parameter_that_is_not_there_is_named(ssm: "SSMClient") -> None:
    documents = SsmRouteDocuments(ssm, NAME, MAX_AGE)

    with pytest.raises(PermanentError, match="read parameter /relay/routes: ParameterNotFound"):
        documents.latest()
    with pytest.raises(PermanentError, match="read the history of parameter /relay/routes"):
        list(documents.earlier())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", TransientError),
        ("AccessDeniedException", AccessDenied),
        ("InternalServerError", TransientError),
    ],
)
def test_what_ssm_refuses_keeps_its_kind(
    ssm: "SSMClient", code: str, error: type[Exception]
) -> None:
    with Stubber(ssm) as stubber:
        stubber.add_client_error("get_parameter", code, "no")

        with pytest.raises(error, match=f"read parameter /relay/routes: {code}: no"):
            SsmRouteDocuments(ssm, NAME, MAX_AGE).latest()


def test_ssm_out_of_reach_is_transient(ssm: "SSMClient", monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://ssm")

    monkeypatch.setattr(ssm, "get_parameter", unreachable)

    with pytest.raises(TransientError, match="read parameter /relay/routes: Could not connect"):
        SsmRouteDocuments(ssm, NAME, MAX_AGE).latest()
