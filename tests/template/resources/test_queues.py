"""Every queue and subscription has a dead-letter queue."""

from datetime import timedelta
from typing import Any

import pytest
from relay.delivery.backoff import come_back_seconds
from relay.delivery.parking import LONGEST_UNTRIED, LONGEST_WAIT

from tests.template.template import Resource, resource, resources, target

# SQS keeps a message of a standard queue for its original time, also on the dead-letter queue.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
FOURTEEN_DAYS = 1_209_600


def sources() -> list[Resource]:
    return [queue for queue in resources("SQS::Queue") if "DeadLetter" not in queue.name]


def sent_by_lambda_or_events() -> list[Any]:
    rules = [each for rule in resources("Events::Rule") for each in rule.properties["Targets"]]
    return [
        *(rule["DeadLetterConfig"]["Arn"] for rule in rules),
        *(
            each.properties["DestinationConfig"]["OnFailure"]["Destination"]
            for each in resources("Lambda::EventInvokeConfig")
        ),
    ]


@pytest.mark.parametrize("queue", sources(), ids=lambda queue: queue.name)
def test_a_queue_has_a_dead_letter_queue_that_keeps_messages_longer(queue: Resource) -> None:
    redrive = queue.properties["RedrivePolicy"]

    dead_letters = resource(target(redrive["deadLetterTargetArn"]))

    kept, kept_afterwards = (
        each.properties["MessageRetentionPeriod"] for each in (queue, dead_letters)
    )
    assert kept_afterwards > kept
    assert redrive["maxReceiveCount"] >= 5
    assert dead_letters.properties.get("FifoQueue") == queue.properties.get("FifoQueue")


@pytest.mark.parametrize("name", ["SubmitQueue", "NotificationQueue"])
def test_a_message_is_given_up_by_the_relay_before_sqs_moves_or_deletes_it(name: str) -> None:
    queue = resource(name).properties
    receives = queue["RedrivePolicy"]["maxReceiveCount"]

    waited = sum(come_back_seconds(count) for count in range(1, receives + 1))

    assert timedelta(seconds=waited) > LONGEST_WAIT
    assert timedelta(seconds=queue["MessageRetentionPeriod"]) > LONGEST_UNTRIED


def test_every_dead_letter_queue_serves_something_and_keeps_as_long_as_sqs_can() -> None:
    used = {
        target(queue.properties["RedrivePolicy"]["deadLetterTargetArn"]) for queue in sources()
    } | {target(arn) for arn in sent_by_lambda_or_events()}

    dead = {queue.name: queue for queue in resources("SQS::Queue") if "DeadLetter" in queue.name}

    assert set(dead) == used
    assert {queue.properties["MessageRetentionPeriod"] for queue in dead.values()} == {
        FOURTEEN_DAYS
    }


@pytest.mark.parametrize("rule", resources("Events::Rule"), ids=lambda rule: rule.name)
def test_a_rule_keeps_what_it_could_not_deliver(rule: Resource) -> None:
    for each in rule.properties["Targets"]:
        dead_letters = resource(target(each["DeadLetterConfig"]["Arn"]))

        assert dead_letters.type == "AWS::SQS::Queue"


@pytest.mark.parametrize("subscription", resources("SNS::Subscription"), ids=lambda each: each.name)
def test_a_subscription_has_a_dead_letter_queue(subscription: Resource) -> None:
    redrive = subscription.properties["RedrivePolicy"]

    assert resource(target(redrive["deadLetterTargetArn"])).type == "AWS::SQS::Queue"


def test_both_topics_deliver_to_the_one_queue_of_the_route_function() -> None:
    found = {
        (target(each.properties["TopicArn"]), target(each.properties["Endpoint"]))
        for each in resources("SNS::Subscription")
    }

    assert found == {
        ("SuccessTopic", "NotificationQueue"),
        ("ErrorTopic", "NotificationQueue"),
    }


@pytest.mark.parametrize("name", ["CompletedQueue", "FailedQueue"])
def test_results_go_to_high_throughput_fifo_queues(name: str) -> None:
    queue = resource(name).properties

    assert queue["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    # Every message carries its own id: two different answers must not pass for one by content.
    assert "ContentBasedDeduplication" not in queue
