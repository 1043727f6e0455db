"""An upgrade keeps the resources that hold requests: CloudFormation replaces none of them."""

from collections.abc import Iterator
from typing import Any

from local.cloudformation.template import Template
from local.stack.settings import REPOSITORY
from tests.upgrade.released import Tree

# A change of one of these properties replaces the resource ("Update requires: Replacement").
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
REPLACED_BY = {
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes"),
}


def holding_requests(document: Any) -> Iterator[tuple[str, Any]]:
    """Each of these resources by its logical id, with what replaces it or takes it away."""
    for name, resource in document["Resources"].items():
        if names := REPLACED_BY.get(resource["Type"]):
            properties = resource.get("Properties", {})
            kept = {each: properties[each] for each in names if each in properties}
            yield name, (resource["Type"], resource.get("Condition"), kept)


def test_no_resource_that_holds_requests_is_replaced_or_deleted(earlier: Tree) -> None:
    before = dict(holding_requests(Template.read(earlier.root / "template.yaml").document))
    after = dict(holding_requests(Template.read(REPOSITORY / "template.yaml").document))

    assert len(before) >= 12
    assert {name: after.get(name) for name in before} == before


def test_no_parameter_is_taken_away(earlier: Tree) -> None:
    """`sam deploy` leaves out a parameter that the template does not have, without a word."""
    before = Template.read(earlier.root / "template.yaml").document["Parameters"]
    after = Template.read(REPOSITORY / "template.yaml").document["Parameters"]

    assert before.keys() - after.keys() == set()
