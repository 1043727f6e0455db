"""The template's resources on the local stack, with and without what an account asks for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.integration.local.conftest import Session
from tests.integration.local.template_stack import TemplateStack

Clients = Callable[[str], Any]

GIVEN = {
    "DataBucketVersioning": "Enabled",
    "AccessLogBucketName": "access-logs",
    "SubnetIds": "subnet-0a1b,subnet-0c1d",
    "SecurityGroupIds": "sg-0a1b",
    "LedgerDeletionProtection": "true",
    "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess",
}


@pytest.fixture
def client(session: Session) -> Clients:
    boto, url = session
    return partial(boto.client, endpoint_url=url)


def test_a_stack_deploys_with_all_that_an_account_asks_for(
    client: Clients,
) -> None:
    stack = TemplateStack(client, "constrained")
    stack.client("s3").create_bucket(Bucket="access-logs")
    key = stack.client("kms").create_key()["KeyMetadata"]["Arn"]

    found = seen(stack, stack.deploy(KmsKeyArn=key, **GIVEN))

    (policy,) = found.pop("policies")
    assert "FunctionPolicy" in policy["PolicyName"]
    assert found == {
        "queue": (key, None),
        "topics": {key},
        "logs": key,
        "versions": "Enabled",
        "protected": True,
    }


def test_a_stack_deploys_with_none_of_it(client: Clients) -> None:
    stack = TemplateStack(client, "plain")

    ids = stack.deploy()
    found = seen(stack, ids)

    own = stack.client("kms").describe_key(KeyId=ids["TopicKey"])["KeyMetadata"]["Arn"]
    assert found == {
        "queue": (None, "true"),
        "topics": {own},
        "logs": None,
        "versions": None,
        "protected": False,
        "policies": [],
    }


def seen(stack: TemplateStack, ids: dict[str, str]) -> dict[str, Any]:
    """As far as the local stack's CloudFormation passes properties on."""
    queue = stack.client("sqs").get_queue_attributes(
        QueueUrl=ids["SubmitQueue"], AttributeNames=["All"]
    )["Attributes"]
    topics = [
        stack.client("sns").get_topic_attributes(TopicArn=ids[name])["Attributes"]
        for name in ("SuccessTopic", "ErrorTopic")
    ]
    table = stack.client("dynamodb").describe_table(TableName=ids["LedgerTable"])["Table"]
    group = stack.client("logs").describe_log_groups(logGroupNamePrefix=ids["SubmitLogGroup"])
    attached = stack.client("iam").list_attached_role_policies(RoleName=ids["SubmitRole"])
    versioning = stack.client("s3").get_bucket_versioning(Bucket=ids["DataBucket"])
    return {
        "queue": (queue.get("KmsMasterKeyId"), queue.get("SqsManagedSseEnabled")),
        "topics": {each.get("KmsMasterKeyId") for each in topics},
        "logs": group["logGroups"][0].get("kmsKeyId"),
        "versions": versioning.get("Status"),
        "protected": table["DeletionProtectionEnabled"],
        "policies": attached["AttachedPolicies"],
    }
