"""The regions of China are a partition of their own: nothing that is deployed spells out another.

tests/template/aws_rules evaluates the template in each partition.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import cfnlint
import pytest
from relay.provision.specification import images

from local.stack.settings import REPOSITORY
from relayctl.doctor.account import Account
from relayctl.doctor.expected import Stack
from tests.template.template import source, transformed

CHINA = tuple(boto3.Session().get_available_regions("sagemaker", "aws-cn"))
_SPELLED_OUT = re.compile(r"\barn:aws:|\.amazonaws\.com(?!\.cn)\b")
# A result of the past, to try routes on.
_SAMPLES = "relayctl/routes/samples.py"
_SOURCES = sorted(
    path
    for folder in ("functions", "layers/relay/relay", "relayctl")
    for path in (REPOSITORY / folder).rglob("*.py")
)


def test_the_regions_of_china_are_two() -> None:
    assert CHINA == ("cn-north-1", "cn-northwest-1")


@pytest.mark.parametrize("region", CHINA)
def test_cloudformation_has_every_resource_type_in_china(region: str) -> None:
    """By the copy of each region's registry that cfn-lint has."""
    schemas = Path(cfnlint.__file__).parent / "data/schemas/providers" / f"{region}.json"
    used = {str(each["Type"]) for each in transformed()["Resources"].values()}

    assert "AWS::Lambda::EventSourceMapping" in used
    missing = used - json.loads(schemas.read_text()).keys()
    assert {each for each in missing if not each.startswith("Custom::")} == set()


@pytest.mark.parametrize("region", CHINA)
def test_the_default_image_exists_in_china(region: str) -> None:
    names = ("Framework", "FrameworkVersion", "InstanceType")
    framework, version, instance_type = (source()["Parameters"][each]["Default"] for each in names)

    found = images.resolve(framework, version, region, instance_type)

    assert re.match(rf"\d{{12}}\.dkr\.ecr\.{region}\.amazonaws\.com\.cn/", found)


@pytest.mark.parametrize("region", CHINA)
def test_the_page_names_the_frameworks_that_lack_images_in_china(region: str) -> None:
    page = (REPOSITORY / "docs/how-to/china-regions.md").read_text()
    (row,) = (each for each in page.splitlines() if each.startswith("| image of the model |"))
    published = [each for frameworks in images._published().values() for each in frameworks.items()]

    lacking = {
        name
        for name, framework in published
        if not all(region in image.accounts for image in framework.images.values())
    }

    assert lacking == {name for name, _ in published if f"`{name}`" in row}
    assert lacking


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_text_of_the_code_spells_out_a_partition(path: Path) -> None:
    """Service principals do not depend on the partition; a docstring may have an example."""
    found = [
        text
        for text in _texts(ast.parse(path.read_text()))
        if _SPELLED_OUT.search(re.sub(r"\b[a-z-]+\.amazonaws\.com\b", "", text))
    ]

    assert found == [] or str(path.relative_to(REPOSITORY)) == _SAMPLES


def _texts(tree: ast.Module) -> Iterator[str]:
    """Yield the strings of a module that are not docstrings."""
    alone = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_doctor_expects_the_partition_of_the_stack() -> None:
    template = {
        "Resources": {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "KmsMasterKeyId": {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:1:key"},
                    "QueueName": {"Fn::Sub": "sqs.${AWS::URLSuffix}"},
                },
            }
        }
    }

    stack = Stack(_account("arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/r/1", template))

    assert stack.resources["Queue"].properties == {
        "KmsMasterKeyId": "arn:aws-cn:kms:cn-north-1:1:key",
        "QueueName": "sqs.amazonaws.com.cn",
    }
    assert stack.resources["Queue"].arn == "arn:aws-cn:sqs:cn-north-1:123456789012:r-queue"


def _account(stack_id: str, template: dict[str, Any]) -> Account:
    """An account that knows one stack with one queue."""
    url = "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/r-queue"
    summary = {"LogicalResourceId": "Queue", "PhysicalResourceId": url}
    answers = {
        "get_template": {"TemplateBody": template},
        "list_stack_resources": {"StackResourceSummaries": [summary]},
    }
    description = {"StackId": stack_id, "StackName": "r", "Parameters": []}
    return cast(
        Account,
        SimpleNamespace(
            deployment=SimpleNamespace(stack_name="r", description=description),
            get=lambda service, operation, **arguments: answers[operation],
        ),
    )
