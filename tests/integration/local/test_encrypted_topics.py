"""Publishing to the template's encrypted topics needs their key, as on AWS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.signed_requests import Aws
from tests.integration.local.template_stack import TemplateStack

NOTIFICATION = json.dumps({"eventName": "InferenceResult"})


class Deployed:
    """A stack of the template, and a publisher with the execution role of its endpoint."""

    def __init__(self, root: Aws) -> None:
        self.stack = TemplateStack(root.client, "topics")
        self.ids = self.stack.deploy()
        self._iam = self.stack.client("iam")
        role = self._iam.get_role(RoleName=self.ids["EndpointExecutionRole"])["Role"]["Arn"]
        made = self.stack.client("sts").assume_role(RoleArn=role, RoleSessionName="SageMaker")
        keys = made["Credentials"]
        publisher = root.by(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        self._sns = publisher.client("sns")

    def publish(self, topic: str = "SuccessTopic") -> str:
        """SNS's refusal, as code and message; "" for none."""
        try:
            self._sns.publish(TopicArn=self.ids[topic], Message=NOTIFICATION)
        except ClientError as error:
            return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
        return ""

    @contextmanager
    def with_policy(self, **statement: Any) -> Iterator[None]:
        """The role has this one statement about the key in place of the template's."""
        role = {"RoleName": self.ids["EndpointExecutionRole"], "PolicyName": "topics-topic-key"}
        before = self._iam.get_role_policy(**role)["PolicyDocument"]
        (own,) = before["Statement"]
        self._put(role, {**before, "Statement": [{**own, **statement}]})
        try:
            yield
        finally:
            self._put(role, before)

    def _put(self, role: dict[str, str], document: dict[str, Any]) -> None:
        self._iam.put_role_policy(**role, PolicyDocument=json.dumps(document))


@pytest.fixture(scope="module")
def deployed(root: Aws) -> Deployed:
    return Deployed(root)


@pytest.mark.parametrize("topic", ["SuccessTopic", "ErrorTopic"])
def test_the_endpoints_role_publishes_to_an_encrypted_topic(deployed: Deployed, topic: str) -> None:
    assert deployed.publish(topic) == ""


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ({"Effect": "Deny", "Condition": {}}, "kms:GenerateDataKey"),
        ({"Action": ["kms:Decrypt"]}, "kms:GenerateDataKey"),
        ({"Action": ["kms:GenerateDataKey"]}, "kms:Decrypt"),
        (
            {"Condition": {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}},
            "kms:GenerateDataKey",
        ),
    ],
    ids=str,
)
def test_a_publisher_without_a_permission_for_the_key_is_refused(
    deployed: Deployed, statement: dict[str, Any], missing: str
) -> None:
    with deployed.with_policy(**statement):
        refusal = deployed.publish()

    assert refusal.startswith("KMSAccessDenied: ")
    assert f"is not authorized to perform: {missing} on resource: arn:aws:kms:" in refusal
    assert deployed.publish() == ""


def test_a_key_that_is_to_be_deleted_cannot_be_used(deployed: Deployed) -> None:
    kms, key = deployed.stack.client("kms"), {"KeyId": deployed.ids["TopicKey"]}
    kms.schedule_key_deletion(**key)
    try:
        refusal = deployed.publish()
    finally:
        kms.cancel_key_deletion(**key)
        kms.enable_key(**key)

    assert refusal.startswith("KMSInvalidState: ")


def test_topics_lose_their_key_with_its_parameter_and_get_it_back(deployed: Deployed) -> None:
    """The last test of the stack: its key is another one afterwards."""
    without = deployed.stack.update(CreateTopicKey="false")
    assert "TopicKey" not in without
    assert deployed.publish() == ""

    deployed.ids = deployed.stack.update(CreateTopicKey="true")

    sns = deployed.stack.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=deployed.ids["SuccessTopic"])["Attributes"]
    assert attributes["KmsMasterKeyId"].endswith(f":key/{deployed.ids['TopicKey']}")
    assert deployed.publish() == ""
