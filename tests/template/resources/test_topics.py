"""How SageMaker's notifications arrive: two topics, and a queue that takes from these alone."""

from typing import Any

import pytest

from tests.template.template import Resource, deployed, target

SUCCESS, ERROR = {"Ref": "SuccessTopic"}, {"Ref": "ErrorTopic"}
TOPICS = [SUCCESS, ERROR]


def test_each_topic_has_a_subscription_and_a_policy() -> None:
    assert [name for name, _ in of_type("AWS::SNS::Topic")] == [target(topic) for topic in TOPICS]
    subscribed = [each.properties["TopicArn"] for _, each in of_type("AWS::SNS::Subscription")]
    assert subscribed == TOPICS
    policies = [each.properties["Topics"] for _, each in of_type("AWS::SNS::TopicPolicy")]
    assert policies == [[topic] for topic in TOPICS]


def test_sagemaker_publishes_to_the_topics_that_route_believes() -> None:
    found = deployed()

    endpoint = found["Endpoint"].properties
    route = found["RouteFunction"].properties["Environment"]["Variables"]
    assert [endpoint["SuccessTopicArn"], endpoint["ErrorTopicArn"]] == TOPICS
    assert [route["SUCCESS_TOPIC_ARN"], route["ERROR_TOPIC_ARN"]] == TOPICS


def test_the_endpoint_may_publish_to_these_topics_alone() -> None:
    found = deployed()

    carried = (
        policy["PolicyDocument"] for policy in found["EndpointExecutionRole"].properties["Policies"]
    )
    allowed = [
        each["Resource"]
        for document in (found["EndpointDataPolicy"].properties["PolicyDocument"], *carried)
        for each in document["Statement"]
        if each["Action"] == "sns:Publish"
    ]
    assert allowed == [TOPICS]


@pytest.mark.parametrize("queue", ["NotificationQueue", "NotificationDeadLetterQueue"])
def test_these_topics_alone_may_send_to_the_queue(queue: str) -> None:
    [policy] = (
        each.properties
        for _, each in of_type("AWS::SQS::QueuePolicy")
        if {"Ref": queue} in each.properties["Queues"]
    )
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]

    allowed = [each for each in statements if each["Effect"] == "Allow"]

    assert [each["Principal"] for each in allowed] == [{"Service": "sns.amazonaws.com"}]
    assert [each["Condition"] for each in allowed] == [{"ArnEquals": {"aws:SourceArn": TOPICS}}]


def of_type(kind: str) -> list[tuple[str, Resource]]:
    return [(name, each) for name, each in deployed().items() if each.type == kind]
