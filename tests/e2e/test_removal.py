"""A stack is deleted and deployed again under its name, as docs/removal.md says.

The stack is one of its own, from the deployed template, and without an endpoint: uploads wait.
"""

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.stack.deployment import ARTIFACT_BUCKET
from tests.acceptance.target import eventually

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_SECONDS = 120.0
_NAME = "relay-again"
_BUCKET = f"{_NAME}-data-000000000000-us-east-1"
_ELSEWHERE = f"{_NAME}-elsewhere"


class Again:
    """The stack that comes and goes."""

    def __init__(self, cloudformation: "CloudFormationClient", s3: "S3Client") -> None:
        self._cloudformation = cloudformation
        deployed = cloudformation.describe_stacks(StackName="relay")["Stacks"][0]
        self._parameters = {
            each["ParameterKey"]: each["ParameterValue"] for each in deployed["Parameters"]
        }
        body = cloudformation.get_template(StackName="relay", TemplateStage="Original")
        template: Any = body["TemplateBody"]
        # Too long for a call: CloudFormation takes it from a bucket.
        text = template if isinstance(template, str) else json.dumps(template)
        s3.put_object(Bucket=ARTIFACT_BUCKET, Key="again.template", Body=text.encode())

    def deploy(self, **changes: str) -> str:
        """Creates or updates the stack, and returns its status then."""
        own = {
            "EndpointMode": "none",
            "EndpointName": "absent",
            "Routes": "",
            "RouteTargetArns": "",
        }
        given = {**self._parameters, **own, **changes}
        operation = "create_stack" if self.status() in ("", "DELETE_COMPLETE") else "update_stack"
        getattr(self._cloudformation, operation)(
            StackName=_NAME,
            TemplateURL=f"https://s3.us-east-1.amazonaws.com/{ARTIFACT_BUCKET}/again.template",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in given.items()
            ],
        )
        return self.ended()

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=_NAME)
        eventually(
            lambda: self.status() in ("", "DELETE_COMPLETE"), _SECONDS, "the end of the stack"
        )

    def adopt(self, bucket: str) -> str:
        """A stack of that bucket alone, as docs/removal.md has it."""
        definition = {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"BucketName": bucket},
        }
        self._cloudformation.create_change_set(
            StackName=_NAME,
            ChangeSetName="keep-the-bucket",
            ChangeSetType="IMPORT",
            ResourcesToImport=[
                {
                    "ResourceType": "AWS::S3::Bucket",
                    "LogicalResourceId": "DataBucket",
                    "ResourceIdentifier": {"BucketName": bucket},
                }
            ],
            TemplateBody=json.dumps({"Resources": {"DataBucket": definition}}),
        )
        self._cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=_NAME,
            ChangeSetName="keep-the-bucket",
            WaiterConfig={"Delay": 1, "MaxAttempts": 60},
        )
        self._cloudformation.execute_change_set(StackName=_NAME, ChangeSetName="keep-the-bucket")
        return self.ended()

    def ended(self) -> str:
        return eventually(
            lambda: now if (now := self.status()).endswith(("COMPLETE", "FAILED")) else None,
            _SECONDS,
            "the end of the operation",
        )

    def status(self) -> str:
        """The status of the stack that has the name now; "" when none has."""
        try:
            found = self._cloudformation.describe_stacks(StackName=_NAME)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        return str(found[0]["StackStatus"])

    def reasons(self) -> str:
        """What failed in a resource, or was found before one was made."""
        events = self._cloudformation.describe_events(StackName=_NAME)["OperationEvents"]
        return "\n".join(
            event.get("ValidationStatusReason") or event.get("ResourceStatusReason", "")
            for event in events
        )

    def outputs(self) -> dict[str, str]:
        found = self._cloudformation.describe_stacks(StackName=_NAME)["Stacks"][0]["Outputs"]
        return {each["OutputKey"]: each["OutputValue"] for each in found}


@pytest.fixture
def again(once: Again) -> Iterator[Again]:
    """The stack, deployed once and deleted, and deleted after each test."""
    yield once
    once.delete()


@pytest.fixture(scope="module")
def once(cloudformation: "CloudFormationClient", s3: "S3Client") -> Iterator[Again]:
    """The stack, deployed once, with an object in its bucket, and deleted."""
    again = Again(cloudformation, s3)
    try:
        assert again.deploy() == "CREATE_COMPLETE", again.reasons()
        s3.put_object(Bucket=_BUCKET, Key="outputs/kept", Body=b"kept")
        again.delete()
        yield again
    finally:
        again.delete()
        for bucket in (_BUCKET, _ELSEWHERE):
            _remove(s3, bucket)


def test_the_bucket_of_a_deleted_stack_is_kept_with_its_objects(
    again: Again, s3: "S3Client"
) -> None:
    assert s3.get_object(Bucket=_BUCKET, Key="outputs/kept")["Body"].read() == b"kept"
    # It still notifies deleted queues, until another stack or an operator replaces this.
    kept = s3.get_bucket_notification_configuration(Bucket=_BUCKET)
    assert "QueueConfigurations" in kept and "LambdaFunctionConfigurations" in kept


def test_the_next_stack_of_that_name_is_refused_because_the_bucket_exists(
    again: Again,
) -> None:
    assert again.deploy() == "ROLLBACK_COMPLETE"

    assert f"'{_BUCKET}' already exists" in again.reasons()


def test_the_next_stack_takes_the_bucket_over_by_import(
    again: Again, s3: "S3Client", sqs: "SQSClient"
) -> None:
    assert again.adopt(_BUCKET) == "IMPORT_COMPLETE"

    assert again.deploy() == "UPDATE_COMPLETE", again.reasons()

    outputs = again.outputs()
    assert outputs["DataBucketName"] == _BUCKET
    assert s3.get_object(Bucket=_BUCKET, Key="outputs/kept")["Body"].read() == b"kept"
    _upload_arrives(s3, sqs, outputs)


def test_the_next_stack_may_have_a_bucket_of_another_name(
    again: Again, s3: "S3Client", sqs: "SQSClient"
) -> None:
    assert again.deploy(DataBucketName=_ELSEWHERE) == "CREATE_COMPLETE", again.reasons()

    outputs = again.outputs()
    assert outputs["DataBucketName"] == _ELSEWHERE
    _upload_arrives(s3, sqs, outputs)


def test_the_next_stack_creates_the_bucket_again_once_it_was_deleted(
    again: Again, s3: "S3Client", sqs: "SQSClient"
) -> None:
    _remove(s3, _BUCKET)

    assert again.deploy() == "CREATE_COMPLETE", again.reasons()

    assert "Contents" not in s3.list_objects_v2(Bucket=_BUCKET)
    _upload_arrives(s3, sqs, again.outputs())


def _upload_arrives(s3: "S3Client", sqs: "SQSClient", outputs: dict[str, str]) -> None:
    """Assert that the queue of the stack receives the event of an upload."""
    s3.put_object(
        Bucket=outputs["DataBucketName"], Key=f"inputs/{uuid.uuid4().hex}.csv", Body=b"1,2"
    )

    def waiting() -> bool:
        found = sqs.get_queue_attributes(
            QueueUrl=outputs["SubmitQueueUrl"], AttributeNames=["All"]
        )["Attributes"]
        names = {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}
        return any(int(value) for name, value in found.items() if name in names)

    eventually(waiting, 20, "an upload on the queue of submit")


def _remove(s3: "S3Client", bucket: str) -> None:
    """Empties and deletes it, if it is there."""
    try:
        found = s3.list_objects_v2(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        return
    for each in found.get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=bucket)
