"""Faults of queues, topics and subscriptions."""

import json

from tests.support.relayctl.drift.fault import (
    Fault,
    call,
    id,
    open_to_all,
    queue_attribute,
    subscription_attribute,
    unsubscribe,
)

FAULTS = (
    Fault(
        "a subscription that is gone",
        "subscription-gone",
        "SuccessSubscription",
        unsubscribe("SuccessTopic"),
    ),
    Fault(
        "a subscription with a filter",
        "subscription-filter-policy",
        "ErrorSubscription",
        subscription_attribute("ErrorTopic", "FilterPolicy", '{"kind": ["none"]}'),
    ),
    Fault(
        "a subscription with raw delivery",
        "subscription-raw-message-delivery",
        "ErrorSubscription",
        subscription_attribute("ErrorTopic", "RawMessageDelivery", "true"),
    ),
    Fault(
        "a subscription without a dead-letter queue",
        "subscription-redrive-policy",
        "SuccessSubscription",
        subscription_attribute("SuccessTopic", "RedrivePolicy", "{}"),
    ),
    Fault(
        "a topic that permits everyone",
        "topic-policy-document",
        "SuccessTopic",
        call(
            "sns",
            "set_topic_attributes",
            TopicArn=id("SuccessTopic"),
            AttributeName="Policy",
            AttributeValue=lambda it: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": "*",
                            "Action": "sns:Publish",
                            "Resource": it.id("SuccessTopic"),
                        }
                    ],
                }
            ),
        ),
    ),
    Fault(
        "a topic with another key",
        "topic-kms-master-key-id",
        "ErrorTopic",
        call(
            "sns",
            "set_topic_attributes",
            TopicArn=id("ErrorTopic"),
            AttributeName="KmsMasterKeyId",
            AttributeValue="alias/aws/sns",
        ),
    ),
    Fault(
        "a queue policy that was replaced",
        "queue-policy-document",
        "SubmitQueue",
        lambda it: queue_attribute("SubmitQueue", "Policy", open_to_all(it))(it),
    ),
    Fault(
        "a queue without policy",
        "queue-policy-document",
        "NotificationQueue",
        queue_attribute("NotificationQueue", "Policy", ""),
    ),
    Fault(
        "a queue without dead-letter queue",
        "queue-redrive-policy",
        "NotificationQueue",
        queue_attribute("NotificationQueue", "RedrivePolicy", ""),
    ),
    Fault(
        "a short visibility timeout",
        "queue-visibility-timeout",
        "SubmitQueue",
        queue_attribute("SubmitQueue", "VisibilityTimeout", "30"),
    ),
    Fault(
        "a short retention",
        "queue-message-retention-period",
        "FailedQueue",
        queue_attribute("FailedQueue", "MessageRetentionPeriod", "60"),
    ),
    Fault(
        "a queue without encryption",
        "queue-sqs-managed-sse-enabled",
        "CompletedQueue",
        queue_attribute("CompletedQueue", "SqsManagedSseEnabled", "false"),
    ),
    Fault(
        "a queue with a delay",
        "queue-delay-seconds",
        "SubmitQueue",
        queue_attribute("SubmitQueue", "DelaySeconds", "900"),
    ),
    Fault(
        "a message in a dead-letter queue",
        "dead-letters",
        "NotificationDeadLetterQueue",
        call(
            "sqs", "send_message", QueueUrl=id("NotificationDeadLetterQueue"), MessageBody="parked"
        ),
        call("sqs", "purge_queue", QueueUrl=id("NotificationDeadLetterQueue")),
    ),
)
