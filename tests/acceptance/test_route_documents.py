"""The route document through CloudFormation and Parameter Store."""

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


@pytest.fixture(scope="module")
def ssm(target: Target) -> "SSMClient":
    client: SSMClient = target.client("ssm")
    return client


@pytest.fixture
def parameter(target: Target, ssm: "SSMClient") -> Iterator[str]:
    """The parameter's name; afterwards it is as it was."""
    name = target.outputs["RoutesParameterName"]
    before = text_of(ssm, name)
    yield name
    if text_of(ssm, name) != before:
        put(ssm, name, before)


def text_of(ssm: "SSMClient", name: str) -> str:
    return ssm.get_parameter(Name=name)["Parameter"]["Value"]


def put(ssm: "SSMClient", name: str, text: str) -> None:
    ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)


def test_a_deployment_with_a_mistake_in_its_routes_fails_with_the_position_and_changes_nothing(
    target: Target, ssm: "SSMClient", parameter: str
) -> None:
    before = text_of(ssm, parameter)
    document = json.loads(before)
    document["routes"][0]["when"] = "data.outcome = 'completed'"
    document["routes"][0]["too"] = "nowhere"

    status, failed = target.updated(Routes=json.dumps(document))

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    (reason,) = (each for each in failed if each.startswith("CheckedRoutes: "))
    assert "routes[0].when, character 14: Unknown token '='" in reason
    assert "routes[0].too is not known; did you mean to?" in reason
    assert text_of(ssm, parameter) == before


def test_a_deployment_that_names_a_target_out_of_reach_says_what_to_add(
    target: Target, ssm: "SSMClient", parameter: str
) -> None:
    before = text_of(ssm, parameter)
    elsewhere = target.routing.queue("elsewhere")

    status, failed = target.updated(Routes=json.dumps({"otherwise": {"to": elsewhere}}))

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    (reason,) = (each for each in failed if each.startswith("CheckedRoutes: "))
    assert f"may not send to {elsewhere}; add it to the parameter RouteTargetArns" in reason
    assert text_of(ssm, parameter) == before


def test_a_parameter_that_turns_bad_leaves_the_last_good_document_in_force_and_says_so(
    target: Target,
    ssm: "SSMClient",
    s3: "S3Client",
    downstream: Downstream,
    parameter: str,
    key: str,
) -> None:
    bucket = target.outputs["DataBucketName"]
    unusable_before = unusable(target)
    put(ssm, parameter, '{"routes": [], "otherwis": {}}')

    # Until a function has seen it: what is remembered may be some seconds old. The log also has
    # what other tests did to the parameter.
    def reported() -> bool:
        s3.put_object(Bucket=bucket, Key=f"{key}-{uuid.uuid4().hex}", Body=b"1,2")
        return any(
            "otherwis is not known; did you mean otherwise?" in complaint["error"]
            for complaint in logged(target, "the latest routes cannot be used")
        )

    target.eventually(reported, 30, "the complaint in the log of route")
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)

    assert downstream.result(f"s3://{bucket}/{key}", seconds=20).queue == "CompletedQueue"
    assert unusable(target) > unusable_before


def unusable(target: Target) -> int:
    """How many batches have counted that the latest routes cannot be used."""
    return sum("RoutesUnusable" in line for line in logged(target, "batch"))


def logged(target: Target, message: str) -> list[dict[str, Any]]:
    """The lines of route's log with that message."""
    group = f"/aws/lambda/{target.stack_name}-route"
    pages = target.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [event["message"] for page in pages for event in page["events"]]
    parsed = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in parsed if line.get("message") == message]
