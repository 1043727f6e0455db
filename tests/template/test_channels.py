"""How results come back: by the topics that are asked for, and by S3's events."""

from typing import Any

import pytest

from tests.template.template import Resource, deployed, resolve, target

BUCKET = "relay-data-123456789012-us-east-1"
SUCCESS, ERROR = {"Ref": "SuccessTopic"}, {"Ref": "ErrorTopic"}
# NotificationTopics: the topics there are, and where SageMaker publishes successes and errors.
CHOICES: dict[str, tuple[list[Any], Any, Any]] = {
    "both": ([SUCCESS, ERROR], SUCCESS, ERROR),
    "one": ([SUCCESS], SUCCESS, SUCCESS),
    "success": ([SUCCESS], SUCCESS, ""),
    "error": ([ERROR], "", ERROR),
    "none": ([], "", ""),
}


def statements(policy: Resource) -> dict[str, Any]:
    return {each["Sid"]: each for each in policy.properties["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize(
    ("choice", "topics", "success", "error"), [(k, *v) for k, v in CHOICES.items()]
)
class TestTheTopicsThatAreAskedFor:
    def test_exist_with_a_subscription_and_a_policy_each(
        self, choice: str, topics: list[Any], success: Any, error: Any
    ) -> None:
        found = deployed(NotificationTopics=choice)

        made = [name for name, each in found.items() if each.type == "AWS::SNS::Topic"]
        subscribed = [
            each.properties["TopicArn"]
            for each in found.values()
            if each.type == "AWS::SNS::Subscription"
        ]
        assert made == [target(topic) for topic in topics]
        assert subscribed == topics
        policies = [each for each in found.values() if each.type == "AWS::SNS::TopicPolicy"]
        assert [each.properties["Topics"] for each in policies] == [[topic] for topic in topics]

    def test_are_those_that_sagemaker_publishes_to_and_route_believes(
        self, choice: str, topics: list[Any], success: Any, error: Any
    ) -> None:
        found = deployed(NotificationTopics=choice)

        endpoint = found["Endpoint"].properties
        route = found["RouteFunction"].properties["Environment"]["Variables"]
        assert (endpoint["SuccessTopicArn"], endpoint["ErrorTopicArn"]) == (success, error)
        assert (route["SUCCESS_TOPIC_ARN"], route["ERROR_TOPIC_ARN"]) == (success, error)

    def test_are_all_that_the_endpoint_may_publish_to(
        self, choice: str, topics: list[Any], success: Any, error: Any
    ) -> None:
        found = deployed(NotificationTopics=choice)

        carried = (
            policy["PolicyDocument"]
            for policy in found["EndpointExecutionRole"].properties["Policies"]
        )
        allowed = [
            each["Resource"]
            for document in (found["EndpointDataPolicy"].properties["PolicyDocument"], *carried)
            for each in document["Statement"]
            if each["Action"] == "sns:Publish"
        ]
        assert allowed == ([topics] if topics else [])

    def test_are_all_that_may_send_to_the_queue(
        self, choice: str, topics: list[Any], success: Any, error: Any
    ) -> None:
        found = deployed(NotificationTopics=choice)

        for name in ("NotificationQueuePolicy", "NotificationDeadLetterQueuePolicy"):
            senders = [
                each["Condition"]["ArnEquals"]["aws:SourceArn"]
                for each in statements(found[name]).values()
                if each["Effect"] == "Allow"
            ]
            assert senders == ([topics] if topics else [])


def test_s3_tells_about_results_only_where_that_is_asked_for() -> None:
    def told(**parameters: str) -> list[tuple[str, str]]:
        bucket = deployed(**parameters)["DataBucket"].properties
        return [
            (each["Filter"]["S3Key"]["Rules"][0]["Value"], target(each["Queue"]))
            for each in bucket["NotificationConfiguration"]["QueueConfigurations"]
        ]

    uploads = [("inputs/", "SubmitQueue")]
    assert told() == uploads
    assert told(ResultObjectEvents="true") == [
        *uploads,
        ("outputs/", "NotificationQueue"),
        ("failures/", "NotificationQueue"),
    ]


def test_only_the_data_bucket_may_tell_the_queue_about_objects() -> None:
    policy = deployed(ResultObjectEvents="true", NotificationTopics="none")[
        "NotificationQueuePolicy"
    ]

    allowed = statements(policy)["ObjectsFromTheDataBucket"]

    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert resolve(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == f"arn:aws:s3:::{BUCKET}"
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
