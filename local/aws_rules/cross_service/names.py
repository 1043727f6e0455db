"""Names over all parameters: how long, and of which characters."""

import re
from collections.abc import Iterator

from local.aws_rules.rule import Problem, rule
from local.cloudformation.intrinsics import references
from local.cloudformation.resolution import TemplateResource
from local.cloudformation.world import Resource
from relayctl.doctor.return_values import NAME_PROPERTIES

# Longest name, characters, and AWS's words, by type; `return_values` has the property.
_LIMITS = {
    "AWS::CloudWatch::Alarm": (255, r".+", "alarmName"),
    "AWS::CloudWatch::Dashboard": (255, r"[A-Za-z0-9_-]+", "dashboardName"),
    "AWS::DynamoDB::Table": (255, r"[a-zA-Z0-9_.-]{3,}", "tableName"),
    "AWS::Events::Rule": (64, r"[.\-_A-Za-z0-9]+", "name"),
    "AWS::IAM::ManagedPolicy": (128, r"[\w+=,.@-]+", "policyName"),
    "AWS::IAM::Role": (64, r"[\w+=,.@-]+", "roleName"),
    "AWS::Lambda::Function": (64, r"[a-zA-Z0-9_-]+", "functionName"),
    "AWS::Lambda::LayerVersion": (140, r"[a-zA-Z0-9_-]+", "layerName"),
    "AWS::Logs::LogGroup": (512, r"[.\-_/#A-Za-z0-9]+", "logGroupName"),
    "AWS::S3::Bucket": (63, r".{3,}", "bucket"),
    "AWS::SNS::Topic": (256, r"[a-zA-Z0-9_-]+(\.fifo)?", "topicName"),
    "AWS::SQS::Queue": (80, r"[a-zA-Z0-9_-]+(\.fifo)?", "queueName"),
    "AWS::SSM::Parameter": (1011, r".+", "name"),
}
# What is the same for all stacks of an account and region.
_SHARED = {f"AWS::{each}" for each in ("Partition", "Region", "AccountId", "URLSuffix")}
_ENDPOINT = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
# And the page of each API, such as S3's
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_SOURCES = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
)


@rule(
    *_LIMITS, words="Member must have length less than or equal to", source=_SOURCES, measures=True
)
def a_name_is_not_too_long(resource: Resource) -> Iterator[Problem]:
    limit, alphabet, member = _LIMITS[resource.type]
    name, where = resource.own_name, NAME_PROPERTIES[resource.type]
    if name is None:
        return
    if len(name) > limit:
        yield Problem(
            where,
            f"shorten the name from {len(name)} to {limit} characters; a parameter in it needs a "
            "MaxLength, "
            "and the documentation a shorter longest name of the stack",
            f"Value at '{member}' failed to satisfy constraint: Member must have length less "
            "than or equal to "
            f"{limit}",
        )
    elif not re.fullmatch(alphabet, name):
        yield Problem(
            where,
            f"keep to the characters {alphabet} in {name[:80]}",
            f"Value at '{member}' failed to satisfy constraint: Member must satisfy regular "
            "expression "
            f"pattern: {alphabet}",
        )


@rule(
    *("AWS::SageMaker::Endpoint", "Custom::AsyncEndpoint"),
    words="Value at 'endpointName' failed to satisfy constraint: Member must satisfy regular "
    "expression "
    "pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html",
    measures=True,
)
def an_endpoints_name_is_one(endpoint: Resource) -> Iterator[Problem]:
    name = endpoint.get("EndpointName")
    if name is not None and not _ENDPOINT.fullmatch(str(name)):
        yield Problem(
            "EndpointName",
            f"use letters, digits and hyphens, at most 63 of them, not {len(str(name))}; a "
            "parameter for it "
            "needs an AllowedPattern and MaxLength: 63",
        )


@rule(
    *_LIMITS,
    words="Resource with this identifier already exists.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
)
def a_name_is_the_stacks_own(resource: Resource) -> Iterator[Problem]:
    """AWS refuses it when a second stack is made of the template in one account and region. A
    layer's name is shared: each stack adds a version."""
    shared = resource.type == "AWS::Lambda::LayerVersion"
    if not isinstance(resource, TemplateResource) or resource.own_name is None or shared:
        return
    where = NAME_PROPERTIES[resource.type]
    if not set(references(resource.properties[where])) - _SHARED:
        name = resource.own_name
        yield Problem(
            where,
            f"put ${{AWS::StackName}} into the name {name}, or let a parameter give it",
            f"Resource of type '{resource.type}' with identifier '{name}' already exists.",
        )


@rule(
    *_LIMITS,
    words="Resource with this identifier already exists.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
)
def a_name_is_given_once(resource: Resource) -> Iterator[Problem]:
    name = resource.own_name
    if name is None:
        return
    for other in resource.world.all(resource.type):
        if other.name > resource.name and other.own_name == name:
            yield Problem(
                NAME_PROPERTIES[resource.type],
                f"give {other.name} another name than {name}",
                f"Resource of type '{resource.type}' with identifier '{name}' already exists.",
            )
