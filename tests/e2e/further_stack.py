"""Further stacks of the deployed template on the local stack."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from local.stack.deployment import ARTIFACT_BUCKET
from local.stack.settings import STACK_NAME
from tests.acceptance.targets.target import eventually
from tests.support.bucket_import import import_bucket

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

_SECONDS = 120.0
_MASKED = "****"  # the value of a parameter with NoEcho


class FurtherStack:
    """A stack that comes and goes, from the deployed template; without an endpoint by default."""

    def __init__(self, name: str, cloudformation: "CloudFormationClient", s3: "S3Client") -> None:
        self.name = name
        self._cloudformation, self._s3 = cloudformation, s3
        deployed = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        self._parameters = {
            each["ParameterKey"]: each["ParameterValue"]
            for each in deployed["Parameters"]
            if each["ParameterValue"] != _MASKED
        }
        body = cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Original")
        template: Any = body["TemplateBody"]
        self.template = yaml_parse(template) if isinstance(template, str) else template

    def deploy(self, **changes: str) -> str:
        """Creates or updates the stack, and returns its status then."""
        self.start(self.template, **changes)
        return self.ended()

    def start(self, template: Mapping[str, Any], **changes: str) -> None:
        # Too long for a call: CloudFormation takes it from a bucket.
        key = f"{self.name}.template"
        self._s3.put_object(Bucket=ARTIFACT_BUCKET, Key=key, Body=json.dumps(template).encode())
        own = {
            "EndpointMode": "none",
            "EndpointName": "absent",
            "Routes": "",
            "RouteTargetArns": "",
        }
        given = {**self._parameters, **own, **changes}
        operation = "create_stack" if self.status() in ("", "DELETE_COMPLETE") else "update_stack"
        getattr(self._cloudformation, operation)(
            StackName=self.name,
            TemplateURL=f"https://s3.us-east-1.amazonaws.com/{ARTIFACT_BUCKET}/{key}",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in given.items()
            ],
        )

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self.name)
        eventually(
            lambda: self.status() in ("", "DELETE_COMPLETE"), _SECONDS, "the end of the stack"
        )

    def adopt(self, bucket: str) -> str:
        """A stack of that bucket alone."""
        import_bucket(self._cloudformation, self.name, bucket, pause=1)
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
            found = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        return str(found[0]["StackStatus"])

    def function(self, name: str) -> str:
        """The physical id of a function of the template, such as Provision."""
        found = self._cloudformation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=f"{name}Function"
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def reasons(self) -> str:
        """What failed in a resource, or was found before one was made."""
        events = self._cloudformation.describe_events(StackName=self.name)["OperationEvents"]
        return "\n".join(
            event.get("ValidationStatusReason") or event.get("ResourceStatusReason", "")
            for event in events
        )

    def stack_events(self) -> str:
        """The reasons in all events of the stack, those of its rollbacks included."""
        pages = self._cloudformation.get_paginator("describe_stack_events")
        return "\n".join(
            each.get("ResourceStatusReason", "")
            for page in pages.paginate(StackName=self.name)
            for each in page["StackEvents"]
        )

    def outputs(self) -> dict[str, str]:
        found = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {each["OutputKey"]: each["OutputValue"] for each in found}


def remove_bucket(s3: "S3Client", bucket: str) -> None:
    """Empties and deletes it with all versions, if it is there."""
    try:
        found = s3.list_objects_v2(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        return
    for each in found.get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])
    versions = s3.list_object_versions(Bucket=bucket)
    for version in versions.get("Versions", []):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    for marker in versions.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])
    s3.delete_bucket(Bucket=bucket)
