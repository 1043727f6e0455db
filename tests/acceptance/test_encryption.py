"""A stack with a customer managed key, if the run has one."""

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.pipeline.ends import Downstream
from tests.acceptance.pipeline.inputs import GOOD
from tests.acceptance.plugin import Observe
from tests.acceptance.targets.target import Target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.assumption(
    "key-policy-names-the-account",
    "table-key-of-the-caller",
    "environment-key-by-grant",
)
def test_an_upload_under_a_customer_managed_key_has_its_result(
    target: Target,
    s3: "S3Client",
    downstream: Downstream,
    observe: Observe,
    request: pytest.FixtureRequest,
) -> None:
    queue = target.client("sqs").get_queue_attributes(
        QueueUrl=target.outputs["SubmitQueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    if "KmsMasterKeyId" not in queue:
        (marker,) = request.node.iter_markers("assumption")
        for assumption in marker.args:
            observe.not_possible(assumption, "KMS_KEY_ARN names no key")
        return
    bucket, key = target.outputs["DataBucketName"], f"inputs/{uuid.uuid4().hex}/a.csv"

    s3.put_object(Bucket=bucket, Key=key, Body=GOOD)
    message = downstream.result(f"s3://{bucket}/{key}", seconds=15)

    assert message.event["data"]["outcome"] == "completed", message.event["data"]
    assert s3.head_object(Bucket=bucket, Key=key)["SSEKMSKeyId"] == queue["KmsMasterKeyId"]
