"""What SageMaker does and says, seen beside the relay."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.inputs import GOOD, ROW
from tests.acceptance.pipeline.tap import Tap, tapped
from tests.acceptance.plugin import Observe
from tests.acceptance.targets.target import Target, stack_events

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ATTRIBUTES = "team=acceptance"
_VARIANT_METRICS = ("InvocationFailures", "ExpiredRequests", "Invocation5XXErrors", "ModelLatency")


@pytest.fixture(scope="module")
def tap(target: Target) -> Iterator[Tap]:
    with tapped(target) as tap:
        yield tap


@pytest.mark.assumption(
    "create-within-52-minutes",
    "topic-policy-one-resource",
    "queue-policy-one-resource",
    "response-url-in-bucket",
    "queue-policy-any-resource",
    "arm64-in-region",
    "images-resolve",
)
def test_the_stack_is_deployed(target: Target, observe: Observe) -> None:
    events = stack_events(target.client("cloudformation"), target.stack_name)
    endpoint = target.client("sagemaker").describe_endpoint(
        EndpointName=target.outputs["EndpointName"]
    )
    function = target.client("lambda").get_function_configuration(
        FunctionName=target.outputs["RouteFunctionName"]
    )

    if function["Architectures"] != ["arm64"]:
        observe.not_possible("arm64-in-region", "this machine built the functions for x86_64")
    assert (target.stack_name, "CREATE_COMPLETE") in [
        (event["LogicalResourceId"], event["ResourceStatus"]) for event in events
    ]
    assert endpoint["EndpointStatus"] == "InService"


@pytest.mark.assumption(
    "notification-shape",
    "inference-id-echoed",
    "custom-attributes-echoed",
    "topic-arn-in-envelope",
    "filename-names-output",
    "filename-accepted",
    "partiql-permissions",
    "publishes-as-execution-role",
    "publishes-with-customer-key",
    "sns-delivers-from-encrypted-topic",
    "default-key-policy",
)
def test_an_upload_has_its_result(
    target: Target, s3: "S3Client", downstream: Downstream, tap: Tap, observe: Observe, key: str
) -> None:
    if "TopicKeyArn" not in target.outputs:
        for assumption in ("sns-delivers-from-encrypted-topic", "default-key-policy"):
            observe.not_possible(assumption, "the topics have the key of KMS_KEY_ARN")
    bucket = target.outputs["DataBucketName"]
    location = f"s3://{bucket}/{key}"
    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    message = downstream.result(location, seconds=15)

    assert message.event["data"]["outcome"] == message.attributes["outcome"] == "completed"
    output = message.event["data"]["output"]["location"].removeprefix(f"s3://{bucket}/")
    score = float(s3.get_object(Bucket=bucket, Key=output)["Body"].read())
    assert (score > 0.5) == ROW.malignant

    inference_id = message.event["data"]["inference_id"]
    named = output.rpartition("/")[2].startswith(inference_id)
    for filename in ("filename-names-output", "filename-accepted"):
        observe(filename, held=named, detail=f"the output is {output}")
    heard = tap.about(inference_id)
    observe("inference-id-echoed", held=bool(message.event["data"]["tracked"]))
    topic = heard.envelope.get("TopicArn")
    observe("topic-arn-in-envelope", held=topic == target.outputs["SuccessTopicArn"])
    request = heard.document["requestParameters"]
    assert heard.document["eventName"] == "InferenceResult"
    assert heard.document["invocationStatus"] == "Completed"
    assert request["endpointName"] == target.outputs["EndpointName"]
    assert request["inputLocation"] == location
    datetime.fromisoformat(heard.document["eventTime"])
    echoed = _attributes_of_a_direct_request(target, downstream, tap, location)
    observe("custom-attributes-echoed", held=echoed == _ATTRIBUTES, detail=f"it says {echoed}")


def _attributes_of_a_direct_request(
    target: Target, downstream: Downstream, tap: Tap, location: str
) -> str | None:
    request = {
        "input_location": location,
        "request_id": uuid.uuid4().hex,
        "custom_attributes": _ATTRIBUTES,
    }
    (answer,) = target.call("SubmitFunctionName", {"requests": [request]})["requests"]
    found: str | None = (
        tap.about(answer["request_id"]).document["requestParameters"].get("customAttributes")
    )
    return found


@pytest.mark.assumption("input-read-at-processing")
def test_a_request_for_a_missing_input_fails(target: Target, downstream: Downstream) -> None:
    location = f"s3://{target.outputs['DataBucketName']}/inputs/{uuid.uuid4().hex}.csv"

    answer = target.call("SubmitFunctionName", {"requests": [{"input_location": location}]})
    message = downstream.result(location, seconds=15)

    assert answer["requests"][0]["status"] == "submitted"
    assert message.event["data"]["outcome"] == "failed"


@pytest.mark.assumption("absent-endpoint-words")
def test_a_call_to_an_absent_endpoint_is_refused_in_the_known_words(target: Target) -> None:
    with pytest.raises(ClientError) as refused:
        target.client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=f"{target.stack_name}-absent",
            InputLocation=f"s3://{target.outputs['DataBucketName']}/inputs/none.csv",
        )

    error = refused.value.response["Error"]
    assert error["Code"] in ("ValidationError", "ValidationException")
    assert "not found" in error["Message"]


@pytest.mark.assumption("variant-metrics")
def test_the_endpoints_metrics_have_the_dimensions_of_the_alarms(
    target: Target, observe: Observe
) -> None:
    name = target.outputs["EndpointName"]
    dimensions = [{"Name": "EndpointName", "Value": name}]
    pages = target.client("cloudwatch").get_paginator("list_metrics")
    found = {
        metric["MetricName"]: {each["Name"] for each in metric["Dimensions"]}
        for page in pages.paginate(Namespace="AWS/SageMaker", Dimensions=dimensions)
        for metric in page["Metrics"]
        if metric["MetricName"] in _VARIANT_METRICS
    }
    if not found:
        observe.not_possible("variant-metrics", "CloudWatch lists none of the metrics yet")
    assert all(names == {"EndpointName", "VariantName"} for names in found.values()), found


@pytest.mark.assumption("lambda-log-level")
def test_the_functions_publish_metrics(target: Target) -> None:
    group = f"/aws/lambda/{target.stack_name}-route"
    pages = target.client("logs").get_paginator("filter_log_events")

    def published() -> bool:
        return any(
            '"_aws"' in event["message"] and "CloudWatchMetrics" in event["message"]
            for page in pages.paginate(logGroupName=group)
            for event in page["events"]
        )

    target.eventually(published, 15, "a line with metrics in the log of route")


@pytest.mark.assumption("eventbridge-accepts-missing-bus")
def test_events_for_a_missing_bus_are_answered(target: Target, observe: Observe) -> None:
    """Either answer is fine: where it is refused, the result is held."""
    entry = {
        "EventBusName": f"{target.stack_name}-absent",
        "Source": "acceptance",
        "DetailType": "acceptance",
        "Detail": "{}",
    }
    try:
        failed = target.client("events").put_events(Entries=[entry])["FailedEntryCount"]
    except ClientError as error:
        observe("eventbridge-accepts-missing-bus", held=False, detail=str(error))
    else:
        observe("eventbridge-accepts-missing-bus", held=not failed, detail=f"{failed} failed")
