"""What Lambda asks of a function's role before it takes the function's settings."""

from collections.abc import Iterator

from local.aws_rules.permissions.policies import how_to_allow, role_may
from local.aws_rules.rule import Problem, rule
from local.cloudformation.world import Resource

_FUNCTION = "AWS::Lambda::Function"
_ASYNC = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"
_CALLS = {
    "sqs": ("AWS::SQS::Queue", "sqs:SendMessage", "SQS"),
    "sns": ("AWS::SNS::Topic", "sns:Publish", "SNS"),
    "lambda": ("AWS::Lambda::Function", "lambda:InvokeFunction", "Lambda"),
}


@rule(
    _FUNCTION,
    "AWS::Lambda::EventInvokeConfig",
    words="The provided execution role does not have permissions to call SendMessage on SQS",
    source=_ASYNC,
)
def the_role_may_send_to_the_destinations(resource: Resource) -> Iterator[Problem]:
    if resource.type == _FUNCTION:
        function: Resource | None = resource
        paths: tuple[tuple[str, ...], ...] = (("DeadLetterConfig", "TargetArn"),)
    else:
        function = resource.world.find(_FUNCTION, resource.get("FunctionName"))
        paths = tuple(("DestinationConfig", on, "Destination") for on in ("OnFailure", "OnSuccess"))
    for path in paths:
        arn = str(resource.get(*path) or "")
        if arn.endswith(".fifo"):
            yield Problem(
                ".".join(path),
                "name a standard queue or topic: Lambda takes no FIFO one here",
                "The destination is a FIFO queue or topic, which is not supported",
            )
        if function is not None:
            yield from _unsendable(function, resource, ".".join(path), arn)


def _unsendable(function: Resource, resource: Resource, path: str, arn: str) -> Iterator[Problem]:
    service = (arn.split(":") + ["", "", ""])[2]
    role = function.world.find("AWS::IAM::Role", function.get("Role"))
    if role is None or service not in _CALLS:
        return
    kind, action, name = _CALLS[service]
    target = resource.world.find(kind, arn)
    if target is not None and not role_may(role, action, arn, resource):
        yield _may_not(role, action, arn, function, path, name, target.name)


@rule(
    _FUNCTION,
    words="The provided execution role does not have permissions to call CreateNetworkInterface "
    "on EC2",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
)
def the_role_may_do_what_the_settings_need(function: Resource) -> Iterator[Problem]:
    """Interfaces in a VPC, and traces: Lambda tries both when it takes the settings."""
    needed = []
    if function.list("VpcConfig", "SubnetIds"):
        interfaces = ("CreateNetworkInterface", "DescribeNetworkInterfaces")
        needed += [
            ("VpcConfig", "EC2", f"ec2:{each}") for each in (*interfaces, "DeleteNetworkInterface")
        ]
    if function.get("TracingConfig", "Mode") == "Active":
        needed += [("TracingConfig", "XRAY", "xray:PutTraceSegments")]
    role = function.world.find("AWS::IAM::Role", function.get("Role")) if needed else None
    for path, name, action in needed:
        if role is not None and not role_may(role, action, None, function):
            yield _may_not(role, action, None, function, path, name)


def _may_not(
    role: Resource,
    action: str,
    arn: str | None,
    function: Resource,
    path: str,
    service: str,
    what: str = "",
) -> Problem:
    return Problem(
        path,
        how_to_allow(role, action, arn, function, what),
        f"The provided execution role does not have permissions to call "
        f"{action.partition(':')[2]} on {service}",
    )
