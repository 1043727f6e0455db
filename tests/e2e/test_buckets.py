"""Inputs, outputs and failures in buckets that the stack does not own, with its own endpoint."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from local.stack.settings import REPOSITORY
from tests.acceptance.targets.target import Target, eventually
from tests.e2e.further_stack import FurtherStack, remove_bucket

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_NAME = "relay-lake"
_REFUSED = "relay-refused"
_LAKE, _POND, _QUIET = "company-lake", "company-pond", "company-quiet"
_ROW = (REPOSITORY / "examples" / "order.csv").read_bytes()
_ODD = "fraud/in/it's größe + (1) & 100 %.csv"
_PARAMETERS = {
    "InputBucketName": _LAKE,
    "InputPrefixes": "fraud/in/,orders & more/in/",
    "InputDefaults": json.dumps({"fraud/in/": {"custom_attributes": "team=fraud"}}),
    "OutputBucketName": _POND,
    "OutputPrefix": "results/",
    "FailurePrefix": "broken/",
}
_SECONDS = 60


def send_events(s3: "S3Client", bucket: str, *, on: bool) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"EventBridgeConfiguration": {}} if on else {},
    )


@pytest.fixture(scope="module")
def buckets(s3: "S3Client") -> Iterator[None]:
    """Three buckets of the account; one has versions, and two send events to EventBridge."""
    names = (_LAKE, _POND, _QUIET)
    try:
        for name in names:
            s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=_LAKE, VersioningConfiguration={"Status": "Enabled"})
        send_events(s3, _LAKE, on=True)
        yield
    finally:
        for name in (*names, f"{_NAME}-data-000000000000-us-east-1"):
            remove_bucket(s3, name)


@pytest.fixture(scope="module")
def lake(
    buckets: None, cloudformation: "CloudFormationClient", s3: "S3Client"
) -> Iterator[FurtherStack]:
    """A stack with inputs in one of the buckets, and outputs in another."""
    found = FurtherStack(_NAME, cloudformation, s3)
    try:
        status = found.deploy(EndpointMode="create", EndpointName="", **_PARAMETERS)
        assert status == "CREATE_COMPLETE", found.reasons()
        yield found
    finally:
        found.delete()


@pytest.fixture
def refused(
    buckets: None, cloudformation: "CloudFormationClient", s3: "S3Client"
) -> Iterator[FurtherStack]:
    """A stack that is to be refused."""
    found = FurtherStack(_REFUSED, cloudformation, s3)
    yield found
    found.delete()
    remove_bucket(s3, f"{_REFUSED}-data-000000000000-us-east-1")


def result_of(sqs: "SQSClient", lake: FurtherStack, key: str) -> dict[str, Any]:
    """The `data` of the result of an input; results of others are dropped."""
    urls = [lake.outputs()[each] for each in ("CompletedQueueUrl", "FailedQueueUrl")]

    def found() -> dict[str, Any] | None:
        for url in urls:
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in got.get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                data: dict[str, Any] = json.loads(message["Body"])["data"]
                if data["input"].get("location") == f"s3://{_LAKE}/{key}":
                    return data
        return None

    return eventually(found, _SECONDS, f"the result of {key}")


def call(target: Target, lake: FurtherStack, function: str, payload: object) -> Any:
    answer = target.client("lambda").invoke(
        FunctionName=lake.function(function), Payload=json.dumps(payload)
    )
    return json.loads(answer["Payload"].read())


def test_an_upload_has_its_result_in_the_other_bucket_with_the_attributes_of_its_prefix(
    lake: FurtherStack, s3: "S3Client", sqs: "SQSClient"
) -> None:
    s3.put_object(Bucket=_LAKE, Key="fraud/out/none of mine.csv", Body=_ROW)
    s3.put_object(Bucket=_LAKE, Key=_ODD, Body=_ROW)

    data = result_of(sqs, lake, _ODD)

    assert data["outcome"] == "completed"
    assert data["custom_attributes"] == "team=fraud"
    bucket, _, key = data["output"]["location"].removeprefix("s3://").partition("/")
    assert (bucket, key.split("/")[0]) == (_POND, "results")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_an_upload_that_the_model_refuses_fails_with_its_failure_in_the_other_bucket(
    lake: FurtherStack, s3: "S3Client", sqs: "SQSClient"
) -> None:
    key = "orders & more/in/short.csv"
    s3.put_object(Bucket=_LAKE, Key=key, Body=b"1,2,3")

    data = result_of(sqs, lake, key)

    assert data["outcome"] == "failed"
    assert "custom_attributes" not in data or data["custom_attributes"] is None
    assert s3.list_objects_v2(Bucket=_POND, Prefix="broken/")["KeyCount"] == 1


def test_a_direct_call_takes_an_input_under_any_prefix_and_under_no_other(
    lake: FurtherStack, target: Target, s3: "S3Client", sqs: "SQSClient"
) -> None:
    key = "orders & more/in/called.csv"
    s3.put_object(Bucket=_LAKE, Key=key, Body=_ROW)
    locations = [f"s3://{_LAKE}/{each}" for each in (key, "orders & more/out/x.csv")]
    asked = [{"input_location": each, "custom_attributes": "by=call"} for each in locations]

    first, second = call(target, lake, "Submit", {"requests": asked})["requests"]

    assert (first["status"], second["status"]) == ("submitted", "rejected")
    assert (
        f"is not under s3://{_LAKE}/fraud/in/ or s3://{_LAKE}/orders & more/in/"
        in (second["reason"])
    )
    data = result_of(sqs, lake, key)
    assert data["outcome"] == "completed"


def test_describe_says_whether_the_bucket_sends_its_events(
    lake: FurtherStack, target: Target, s3: "S3Client"
) -> None:
    on = call(target, lake, "Provision", {"action": "describe"})["inputs"]
    send_events(s3, _LAKE, on=False)
    try:
        off = call(target, lake, "Provision", {"action": "describe"})["inputs"]
    finally:
        send_events(s3, _LAKE, on=True)

    assert on == {
        "bucket": _LAKE,
        "prefixes": ["fraud/in/", "orders & more/in/"],
        "events": "on",
    }
    assert off["events"] == "off"
    assert f"put-bucket-notification-configuration --bucket {_LAKE}" in off["problem"]


def test_an_update_to_a_bucket_without_events_is_rolled_back_although_the_former_has_none_either(
    lake: FurtherStack, s3: "S3Client", sqs: "SQSClient"
) -> None:
    given = {**_PARAMETERS, "EndpointMode": "create", "EndpointName": ""}
    send_events(s3, _LAKE, on=False)
    try:
        status = lake.deploy(**{**given, "InputBucketName": _QUIET})
    finally:
        send_events(s3, _LAKE, on=True)

    assert status == "UPDATE_ROLLBACK_COMPLETE", lake.reasons()
    assert f"bucket {_QUIET} does not send its events" in lake.stack_events()
    s3.put_object(Bucket=_LAKE, Key="fraud/in/after.csv", Body=_ROW)
    assert result_of(sqs, lake, "fraud/in/after.csv")["outcome"] == "completed"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {**_PARAMETERS, "OutputBucketName": _LAKE, "OutputPrefix": "fraud/in/out/"},
            f"InputPrefixes s3://{_LAKE}/fraud/in/ and OutputPrefix s3://{_LAKE}/fraud/in/out/ "
            "overlap",
        ),
        (
            {"InputBucketName": _QUIET},
            f"bucket {_QUIET} does not send its events to EventBridge",
        ),
        ({"OutputBucketName": "company-nowhere"}, "bucket company-nowhere cannot be used"),
    ],
)
def test_a_deployment_that_could_loop_or_would_hear_of_no_upload_is_refused(
    refused: FurtherStack, changes: dict[str, str], says: str
) -> None:
    assert refused.deploy(**changes) == "ROLLBACK_COMPLETE"

    assert says in refused.stack_events()
