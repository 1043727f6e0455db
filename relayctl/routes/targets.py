"""Whether the targets of a document can take results."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError
from relay.provision.routes_resource import objection
from relay.routes.compiled import Routes
from relay.routes.target import Target

from relayctl.deployment import Deployment
from relayctl.errors import REFUSALS

LOOKING = ("sqs:GetQueueUrl", "sns:GetTopicAttributes", "events:DescribeEventBus")

_ABSENT = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "NotFound",
    "NotFoundException",
    "ResourceNotFoundException",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a target; with `unknown`, what a person has to judge."""

    text: str
    unknown: bool = False


def findings(
    deployment: Deployment, routes: Routes, text: str, before: Routes | None
) -> Iterator[Finding]:
    """Yield what is wrong with the targets of a document.

    The function may send to the stack's own queues and to those of the parameter RouteTargetArns.
    A target of the routes `before` that does not exist is said, and prevents no other change.
    """
    properties = {
        "Document": text,
        "OwnTargetArns": [
            _arn(deployment, name) for name in ("CompletedQueueUrl", "FailedQueueUrl")
        ],
        "RouteTargetArns": deployment.listed("RouteTargetArns"),
    }
    if out_of_reach := objection(properties):
        yield Finding(out_of_reach)
    known = _targets(before) if before else ()
    for target in _targets(routes):
        if found := _existence(deployment, target):
            yield replace(found, unknown=True) if target in known else found


def _targets(routes: Routes) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(each.target for each in (*routes.routes, routes.otherwise)))


def _arn(deployment: Deployment, output: str) -> str:
    """Return the ARN of a queue of the stack, from those of the stack and the queue's URL."""
    partition, _, region, account = str(deployment.description["StackId"]).split(":")[1:5]
    return f"arn:{partition}:sqs:{region}:{account}:{deployment.output(output).rpartition('/')[2]}"


def _existence(deployment: Deployment, target: Target) -> Finding | None:
    if target.region != deployment.region:
        return Finding(f"{target} is in another region, and was not looked for", unknown=True)
    try:
        _look(deployment, target)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _ABSENT:
            return Finding(f"{target} does not exist")
        known = "no permission to look for it" if code in REFUSALS else str(error)
        return Finding(f"{target} may not exist: {known}", unknown=True)
    except BotoCoreError as error:
        return Finding(f"{target} may not exist: {error}", unknown=True)
    return None


def _look(deployment: Deployment, target: Target) -> None:
    match target.kind.service:
        case "sqs":
            client = deployment.client("sqs")
            client.get_queue_url(QueueName=target.name, QueueOwnerAWSAccountId=target.account)
        case "sns":
            deployment.client("sns").get_topic_attributes(TopicArn=target.arn)
        case _:
            # By its ARN, also a bus of another account.
            deployment.client("events").describe_event_bus(Name=target.arn)
