"""Topics and subscriptions."""

from collections.abc import Iterator

from local.aws_rules.cross_service.event_patterns import malformed
from local.aws_rules.permissions.policies import admitting, permissions
from local.aws_rules.rule import Enforced, Problem, rule
from local.cloudformation.world import Resource

_FIFO = "https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html"
_DELIVERY = "https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"
_DLQ = "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html"


@rule("AWS::SNS::Topic", words="Invalid parameter: Topic Name", source=_FIFO)
def a_fifo_topic_is_named_as_one(topic: Resource) -> Iterator[Problem]:
    name = topic.own_name
    if name is not None and topic.is_true("FifoTopic") != name.endswith(".fifo"):
        yield Problem("TopicName", "end the name in .fifo where FifoTopic is true, and only there")


@rule(
    "AWS::SNS::Subscription",
    words="Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be "
    "subscribed "
    "to standard SNS topics",
    source=_FIFO,
)
def a_fifo_queue_is_subscribed_to_a_fifo_topic(subscription: Resource) -> Iterator[Problem]:
    if subscription.get("Protocol") != "sqs":
        return
    endpoint, topic = str(subscription.get("Endpoint")), str(subscription.get("TopicArn"))
    if endpoint.endswith(".fifo") and not topic.endswith(".fifo"):
        yield Problem("Endpoint", "subscribe a standard queue, or make the topic FIFO")
    if not endpoint.startswith("arn:"):
        yield Problem(
            "Endpoint",
            "give the queue's ARN (!GetAtt Queue.Arn), not its URL",
            "Invalid parameter: SQS endpoint ARN",
        )


@rule(
    "AWS::SNS::Subscription",
    words="SNS may not send to the queue, so nothing arrives",
    source=_DELIVERY,
    enforced=Enforced.NEVER,
)
def a_subscribed_queue_admits_its_topic(subscription: Resource) -> Iterator[Problem]:
    protocol, topic = subscription.get("Protocol"), str(subscription.get("TopicArn"))
    if protocol == "sqs":
        yield from _admits(subscription, "Endpoint")
    world = subscription.world
    function = world.find("AWS::Lambda::Function", subscription.get("Endpoint"))
    if protocol != "lambda" or function is None:
        return
    if not any(permissions(world, function, "sns.amazonaws.com", topic)):
        yield Problem(
            "Endpoint",
            f"add an AWS::Lambda::Permission for sns.amazonaws.com to invoke {function.name}",
        )


@rule(
    "AWS::SNS::Subscription",
    words="SNS may not send to the dead-letter queue, so what it cannot deliver is lost",
    source=_DLQ,
    enforced=Enforced.NEVER,
)
def a_subscriptions_dead_letter_queue_admits_the_topic(subscription: Resource) -> Iterator[Problem]:
    yield from _admits(subscription, "RedrivePolicy", "deadLetterTargetArn")
    dead = subscription.get("RedrivePolicy", "deadLetterTargetArn")
    fifo = str(subscription.get("TopicArn")).endswith(".fifo")
    if dead is not None and str(dead).endswith(".fifo") != fifo:
        yield Problem(
            "RedrivePolicy.deadLetterTargetArn",
            "name a standard queue for a standard topic, a FIFO queue for a FIFO topic",
            "Invalid parameter: RedrivePolicy: dead-letter queue must be of the topic's kind",
            Enforced.CREATION,
        )


@rule(
    "AWS::SNS::Subscription",
    words="Invalid parameter: FilterPolicy",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html",
)
def a_filter_policy_is_a_pattern(subscription: Resource) -> Iterator[Problem]:
    words = "Invalid parameter: FilterPolicy:"
    yield from malformed(subscription.get("FilterPolicy"), "FilterPolicy", words)


@rule(
    "AWS::SNS::Subscription",
    words="SageMaker publishes without message attributes, so the filter lets nothing through",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html",
    enforced=Enforced.NEVER,
)
def a_filter_on_sagemakers_notifications_is_about_their_body(
    subscription: Resource,
) -> Iterator[Problem]:
    endpoints = subscription.world.all("Custom::AsyncEndpoint")
    names = ("SuccessTopicArn", "ErrorTopicArn")
    published = {str(endpoint.get(name)) for endpoint in endpoints for name in names}
    if (
        subscription.get("FilterPolicy")
        and subscription.get("FilterPolicyScope") != "MessageBody"
        and str(subscription.get("TopicArn")) in published
    ):
        yield Problem("FilterPolicyScope", "set FilterPolicyScope to MessageBody")


def _admits(subscription: Resource, *path: str) -> Iterator[Problem]:
    queue = subscription.world.find("AWS::SQS::Queue", subscription.get(*path))
    if queue is not None and str(queue.get("KmsMasterKeyId")).endswith("alias/aws/sqs"):
        yield Problem(
            ".".join(path),
            f"encrypt {queue.name} with SqsManagedSseEnabled or a key of your own: the policy of "
            "the "
            "AWS managed key cannot admit SNS",
        )
    topic = str(subscription.get("TopicArn"))
    found = queue and admitting(
        "AWS::SQS::QueuePolicy", "Queues", queue, "sns.amazonaws.com", "sqs:SendMessage", topic
    )
    if queue is not None and not any(found or ()):
        yield Problem(
            ".".join(path),
            f"allow sns.amazonaws.com to sqs:SendMessage to {queue.name} in its QueuePolicy, "
            "with this "
            "topic as aws:SourceArn",
        )
