"""The same template in aws, aws-cn and aws-us-gov."""

import re
from collections.abc import Iterator
from typing import Any

from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_ARNS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
# Hosts in China: https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
_VIA = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service"
# Free text, in which an ARN may be an example.
_TEXT = {"Description", "AlarmDescription", "Comment"}


@rule(
    "AWS::*",
    "Custom::*",
    words='Partition "aws" is not valid for resource',
    source=_ARNS,
    leafwise=True,
)
def an_arn_is_of_the_stacks_partition(resource: Resource) -> Iterator[Problem]:
    """The names of other things than ARNs may well contain "aws"."""
    for path, text in _strings(resource.get(), ""):
        for partition in re.findall(r"\barn:(aws[a-z-]*):", text):
            if partition != resource.world.partition:
                yield Problem(
                    path, f"write arn:${{AWS::Partition}}: where arn:{partition}: is spelled out"
                )


@rule(
    "AWS::*",
    "Custom::*",
    words="the host or the service's name ends in another suffix in this partition",
    source=_VIA,
    enforced=Enforced.NEVER,
    leafwise=True,
)
def a_regional_name_ends_in_the_partitions_suffix(resource: Resource) -> Iterator[Problem]:
    """A host, or what kms:ViaService compares, has the region in it; a principal mostly has not."""
    world = resource.world
    for path, text in _strings(resource.get(), ""):
        for region, suffix in re.findall(
            r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.(amazonaws\.com(?:\.cn)?)\b", text
        ):
            if suffix != world.url_suffix:
                yield Problem(path, f"write ${{AWS::URLSuffix}} for {suffix}")
            if region != world.region:
                yield Problem(path, f"write ${{AWS::Region}} for {region}")


@rule(
    "AWS::*",
    words="Invalid principal in policy",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    leafwise=True,
)
def a_principal_is_named_alike_in_every_partition(resource: Resource) -> Iterator[Problem]:
    for path, document in _principals(resource.get(), ""):
        for text in document:
            if text.endswith(".amazonaws.com.cn"):
                yield Problem(
                    path,
                    f"write {text.removesuffix('.cn')}, which the service is called in aws-cn "
                    "too, without "
                    "${AWS::URLSuffix}",
                    f'Invalid principal in policy: "SERVICE":"{text}"',
                )
            elif not re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com|aws\.internal|api\.aws)", text):
                yield Problem(
                    path,
                    f"write the service as service.amazonaws.com, not {text}",
                    f'Invalid principal in policy: "SERVICE":"{text}"',
                )


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in _TEXT:
                yield from _strings(key, path)
                yield from _strings(each, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, path)


def _principals(value: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """The service principals of every policy, and of a Lambda permission."""
    if isinstance(value, dict):
        for key, each in value.items():
            here = f"{path}.{key}".lstrip(".")
            if key == "Principal" and isinstance(each, dict) and "Service" in each:
                found = each["Service"]
                yield here, [str(one) for one in (found if isinstance(found, list) else [found])]
            # A Lambda permission's: a service, an account, or an ARN.
            elif here == "Principal" and not re.fullmatch(r"\*|\d{12}|arn:.*", str(each)):
                yield here, [str(each)]
            yield from _principals(each, here)
    elif isinstance(value, list):
        for each in value:
            yield from _principals(each, path)
