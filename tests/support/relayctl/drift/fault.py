"""What people do to a stack by hand, each with the finding that names it.

`undo` puts back what no call of the finding does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from relayctl.deployment import Deployment
from tests.support.packages import package


class ChangedStack(Deployment):
    """A stack whose resources a test changes by hand.

    `kept` is what a test keeps of a resource, to put it back. `packages` is the name of a bucket
    for another code of a function.
    """

    kept: Any = None
    packages: str

    def client(self, service: str) -> Any:
        """One client for each service: making them is most of the time of a test."""
        clients = self.__dict__.setdefault("_clients", {})
        if service not in clients:
            clients[service] = super().client(service)
        return clients[service]

    def id(self, name: str) -> str:
        """The physical id of a resource."""
        found = self.client("cloudformation").describe_stack_resource(
            StackName=self.stack_name, LogicalResourceId=name
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def again(self) -> Self:
        """The same stack, as a command that begins now sees it."""
        for name in ("description", "outputs", "parameters"):
            self.__dict__.pop(name, None)
        return self


Change = Callable[[ChangedStack], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """A change by hand, with the finding that names it and the resource."""

    name: str
    check: str
    resource: str
    change: Change
    undo: Change | None = None


def call(service: str, operation: str, **given: Any) -> Change:
    """One call, whose parameters may be functions of the stack."""

    def change(stack: ChangedStack) -> object:
        found = {name: each(stack) if callable(each) else each for name, each in given.items()}
        return getattr(stack.client(service), operation)(**found)

    return change


def id(name: str) -> Callable[[ChangedStack], str]:
    return lambda stack: stack.id(name)


def queue_attribute(queue: str, name: str, value: str) -> Change:
    return call("sqs", "set_queue_attributes", QueueUrl=id(queue), Attributes={name: value})


def mapping(name: str, **given: Any) -> Change:
    return call("lambda", "update_event_source_mapping", UUID=id(name), **given)


def function(name: str, **given: Any) -> Change:
    return call("lambda", "update_function_configuration", FunctionName=id(name), **given)


def further_mapping(queue: str, function: str) -> Change:
    """A mapping of a queue beside that of the stack."""

    def create(stack: ChangedStack) -> object:
        sqs = stack.client("sqs")
        given = {"QueueUrl": stack.id(queue), "AttributeNames": ["QueueArn"]}
        arn = sqs.get_queue_attributes(**given)["Attributes"]["QueueArn"]
        return stack.client("lambda").create_event_source_mapping(
            EventSourceArn=arn, FunctionName=stack.id(function)
        )

    return create


def permission(function: str, **given: str) -> Change:
    """A statement in the policy of a function."""
    return call(
        "lambda",
        "add_permission",
        FunctionName=id(function),
        StatementId="mine",
        Action="lambda:InvokeFunction",
        **given,
    )


def alarm(name: str, **changed: Any) -> Change:
    """An alarm, put with other settings."""

    def change(stack: ChangedStack) -> object:
        client, alarm_id = stack.client("cloudwatch"), stack.id(name)
        (found,) = client.describe_alarms(AlarmNames=[alarm_id])["MetricAlarms"]
        known = client.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        kept = {key: each for key, each in found.items() if key in known}
        return client.put_metric_alarm(**{**kept, **changed})

    return change


def subscription(stack: ChangedStack, topic: str) -> str:
    found = stack.client("sns").list_subscriptions_by_topic(TopicArn=stack.id(topic))
    (only,) = found["Subscriptions"]
    return str(only["SubscriptionArn"])


def subscription_attribute(topic: str, name: str, value: str) -> Change:
    return lambda stack: stack.client("sns").set_subscription_attributes(
        SubscriptionArn=subscription(stack, topic), AttributeName=name, AttributeValue=value
    )


def unsubscribe(topic: str) -> Change:
    return lambda stack: stack.client("sns").unsubscribe(SubscriptionArn=subscription(stack, topic))


def bucket(operation: str, **given: Any) -> Change:
    return call("s3", operation, Bucket=id("DataBucket"), **given)


def remove_notification(stack: ChangedStack) -> None:
    stack.kept = stack.client("s3").get_bucket_notification_configuration(
        Bucket=stack.id("DataBucket")
    )
    stack.kept.pop("ResponseMetadata")
    bucket("put_bucket_notification_configuration", NotificationConfiguration={})(stack)


def restore_notification(stack: ChangedStack) -> None:
    bucket("put_bucket_notification_configuration", NotificationConfiguration=stack.kept)(stack)


def role_policy(role: str, policy: str, change: Callable[[dict[str, Any]], None]) -> Change:
    """An inline policy, edited."""

    def edit(stack: ChangedStack) -> None:
        given = {"RoleName": stack.id(role), "PolicyName": policy}
        document = stack.client("iam").get_role_policy(**given)["PolicyDocument"]
        change(document)
        stack.client("iam").put_role_policy(**given, PolicyDocument=json.dumps(document))

    return edit


def route_document(value: str) -> Change:
    """The document, kept for `restore_routes`."""

    def change(stack: ChangedStack) -> None:
        client, name = stack.client("ssm"), stack.id("RoutesParameter")
        stack.kept = client.get_parameter(Name=name)["Parameter"]["Value"]
        client.put_parameter(Name=name, Value=value, Overwrite=True)

    return change


def restore_routes(stack: ChangedStack) -> None:
    stack.client("ssm").put_parameter(
        Name=stack.id("RoutesParameter"), Value=stack.kept, Overwrite=True
    )


def rule_targets(rule: str) -> Change:
    def remove(stack: ChangedStack) -> None:
        client, name = stack.client("events"), stack.id(rule)
        listed = client.list_targets_by_rule(Rule=name)["Targets"]
        client.remove_targets(Rule=name, Ids=[each["Id"] for each in listed])

    return remove


def other_code(stack: ChangedStack) -> None:
    stack.client("s3").put_object(Bucket=stack.packages, Key="other.zip", Body=package("other = 1"))
    stack.client("lambda").update_function_code(
        FunctionName=stack.id("RouteFunction"), S3Bucket=stack.packages, S3Key="other.zip"
    )


def no_permission(stack: ChangedStack) -> None:
    client, name = stack.client("lambda"), stack.id("ReconcileFunction")
    policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    for each in policy["Statement"]:
        client.remove_permission(FunctionName=name, StatementId=each["Sid"])


def open_to_all(stack: ChangedStack) -> str:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})
