"""Which permissions AWS asks for when the SDK makes a call.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.template.recorded_calls.sdk import SdkCall

ACCOUNT = "123456789012"
REGION = "us-east-1"

_Request = Mapping[str, Any]

# One permission for the messages of a batch, or for the items.
_ALIKE = {
    "SendMessageBatch": "SendMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "PublishBatch": "Publish",
    "ListObjectsV2": "ListBucket",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
}
_NAMES = {
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
}
# A member with its value, in a VALUE, SET or WHERE of PartiQL.
_MEMBER = re.compile(r"""['"](\w+)['"]\s*[:=]\s*\?""")
_PARTIQL = {"INSERT": "PartiQLInsert", "UPDATE": "PartiQLUpdate", "DELETE": "PartiQLDelete"}


@dataclass(frozen=True, slots=True)
class Check:
    """What IAM is asked: an action, a resource, and the condition keys of the request."""

    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


def checks(call: SdkCall) -> Iterator[Check]:
    """The checks of one call. Raises KeyError for a call of a service that is not known here."""
    service = {"sagemaker-runtime": "sagemaker"}.get(call.service, call.service)
    action = f"{service}:{_ALIKE.get(call.operation, call.operation)}"
    yield from _SERVICES[service](action, call.operation, call.request)


def _sqs(action: str, _: str, request: _Request) -> Iterator[Check]:
    yield Check(action, _arn("sqs", request["QueueUrl"].rpartition("/")[2]))


def _sns(action: str, _: str, request: _Request) -> Iterator[Check]:
    yield Check(action, request["TopicArn"])


def _events(action: str, _: str, request: _Request) -> Iterator[Check]:
    if "Name" in request:
        yield Check(action, _arn("events", f"rule/{request['Name']}"))
    for each in request.get("Entries", ()):
        yield Check(action, each["EventBusName"], {"events:source": (each["Source"],)})


def _ssm(action: str, _: str, request: _Request) -> Iterator[Check]:
    yield Check(action, _arn("ssm", f"parameter{request['Name']}"))


def _s3(action: str, _: str, request: _Request) -> Iterator[Check]:
    keys = {"s3:prefix": request["Prefix"]} if "Prefix" in request else {}
    yield Check(action, f"arn:aws:s3:::{request['Bucket']}", keys)


def _dynamodb(action: str, operation: str, request: _Request) -> Iterator[Check]:
    if operation == "BatchExecuteStatement":
        for statement in request["Statements"]:
            verb, *words = statement["Statement"].split()
            table = next(word for word in words if word.startswith('"')).strip('"')
            members = _MEMBER.findall(statement["Statement"])
            values = dict(zip(members, statement["Parameters"], strict=True))
            yield Check(f"dynamodb:{_PARTIQL[verb]}", _table(table), _leading(values["id"]["S"]))
    elif operation == "BatchGetItem":
        for table, asked in request["RequestItems"].items():
            keys = [key["id"]["S"] for key in asked["Keys"]]
            yield Check(action, _table(table), _leading(*keys))
    elif operation == "Query":
        yield Check(action, f"{_table(request['TableName'])}/index/{request['IndexName']}")
    elif operation == "DescribeTable":
        yield Check(action, _table(request["TableName"]))
    else:
        item = request.get("Key") or request["Item"]
        yield Check(action, _table(request["TableName"]), _leading(item["id"]["S"]))


def _sagemaker(action: str, operation: str, request: _Request) -> Iterator[Check]:
    if operation == "AddTags":
        yield Check(action, request["ResourceArn"])
        return
    member = next(iter(each for each in _NAMES if each in request))
    resources = [_sagemaker_arn(member, request)]
    # Names of what is made, and of what it is made of.
    if operation in ("CreateEndpoint", "UpdateEndpoint"):
        resources.append(_sagemaker_arn("EndpointConfigName", request))
    elif operation == "CreateEndpointConfig":
        resources = [_sagemaker_arn("EndpointConfigName", request)]
    yield from (Check(action, each) for each in resources)
    if request.get("Tags"):
        yield Check("sagemaker:AddTags", resources[0])
    if "ExecutionRoleArn" in request:
        passed = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        yield Check("iam:PassRole", request["ExecutionRoleArn"], passed)


def _autoscaling(action: str, operation: str, request: _Request) -> Iterator[Check]:
    if operation.startswith("Describe"):
        yield Check(action, "*")
        return
    keys = {
        "application-autoscaling:service-namespace": request["ServiceNamespace"],
        "application-autoscaling:scalable-dimension": request["ScalableDimension"],
    }
    yield Check(action, _arn("application-autoscaling", "scalable-target/x"), keys)


def _cloudwatch(action: str, _: str, request: _Request) -> Iterator[Check]:
    for name in request.get("AlarmNames") or [request["AlarmName"]]:
        yield Check(action, _arn("cloudwatch", f"alarm:{name}"))


_SERVICES = {
    "application-autoscaling": _autoscaling,
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "events": _events,
    "s3": _s3,
    "sagemaker": _sagemaker,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
}


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def _leading(*keys: str) -> Mapping[str, tuple[str, ...]]:
    return {"dynamodb:LeadingKeys": keys}


def _sagemaker_arn(member: str, request: _Request) -> str:
    return _arn("sagemaker", f"{_NAMES[member]}/{request[member]}")
