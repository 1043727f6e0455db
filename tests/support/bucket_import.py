"""A stack of an existing bucket alone, as docs/how-to/remove.md has it."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_CHANGE_SET = "keep-the-bucket"


def import_bucket(
    cloudformation: "CloudFormationClient", stack: str, bucket: str, pause: int = 30
) -> None:
    """Import the bucket into a new stack, and begin; `pause` is in seconds, between two looks."""
    definition = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"BucketName": bucket},
    }
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=_CHANGE_SET,
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
    cloudformation.get_waiter("change_set_create_complete").wait(
        StackName=stack,
        ChangeSetName=_CHANGE_SET,
        WaiterConfig={"Delay": pause, "MaxAttempts": 60},
    )
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=_CHANGE_SET)
