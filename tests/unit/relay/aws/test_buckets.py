"""What S3 says about a bucket, and what it means."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from relay.aws.buckets import S3Buckets
from relay.errors import AccessDenied, PermanentError, RelayError
from relay.provision.buckets import Notifications


class S3:
    """S3's client, which answers each call alike and keeps what it was asked."""

    def __init__(self, answer: Mapping[str, Any] | ClientError) -> None:
        self._answer = answer
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.asked.append(request)
            if isinstance(self._answer, ClientError):
                raise self._answer
            return self._answer

        return call


def buckets(answer: Mapping[str, Any] | ClientError) -> S3Buckets:
    return S3Buckets(lambda: S3(answer), "111122223333")  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("constraint", "region"),
    [
        (None, "us-east-1"),
        ("EU", "eu-west-1"),
        ("eu-central-1", "eu-central-1"),
    ],
)
def test_the_region_is_spelled_as_everywhere_else(constraint: str | None, region: str) -> None:
    assert buckets({"LocationConstraint": constraint}).region("lake") == region


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        ({}, Notifications(event_bridge=False)),
        ({"EventBridgeConfiguration": {}}, Notifications(event_bridge=True)),
        ({"QueueConfigurations": [{}]}, Notifications(event_bridge=False, others=True)),
        ({"LambdaFunctionConfigurations": [{}]}, Notifications(event_bridge=False, others=True)),
        (
            {"TopicConfigurations": [{}], "EventBridgeConfiguration": {}},
            Notifications(event_bridge=True, others=True),
        ),
    ],
)
def test_a_configuration_has_events_and_notifications_of_others(
    configuration: Mapping[str, Any], found: Notifications
) -> None:
    assert buckets({**configuration, "ResponseMetadata": {}}).notifications("lake") == found


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("NoSuchBucket", 404, PermanentError), ("AccessDenied", 403, AccessDenied)],
)
def test_a_refusal_names_the_bucket(code: str, status: int, kind: type[RelayError]) -> None:
    error = ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetBucketLocation",
    )

    for call in (buckets(error).region, buckets(error).notifications):
        with pytest.raises(kind, match="of bucket lake: " + code):
            call("lake")


def test_every_call_is_for_a_bucket_of_the_account() -> None:
    client = S3({})
    found = S3Buckets(lambda: client, "111122223333")  # type: ignore[arg-type,return-value]

    found.region("lake")
    found.notifications("lake")

    assert client.asked == 2 * [{"Bucket": "lake", "ExpectedBucketOwner": "111122223333"}]
