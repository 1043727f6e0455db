"""What provision reads of buckets that the stack does not own."""

from dataclasses import dataclass
from typing import Protocol

from relay.errors import RelayError


@dataclass(frozen=True, slots=True)
class Notifications:
    """A bucket's notification configuration.

    `event_bridge`: S3 sends the bucket's events to EventBridge. `others`: the bucket has other
    notifications, which a new configuration would replace.
    """

    event_bridge: bool
    others: bool = False


class Buckets(Protocol):
    """Buckets of the stack's account. Each call raises RelayErrors.

    AccessDenied: the role lacks a permission, or the bucket is of another account. PermanentError:
    there is no such bucket.
    """

    def region(self, bucket: str) -> str: ...

    def notifications(self, bucket: str) -> Notifications: ...


def command_to_send_events(bucket: str, found: Notifications) -> str:
    """Return how its owner has S3 send the bucket's events to EventBridge.

    A new configuration replaces the one that the bucket has.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
    """
    put = f"aws s3api put-bucket-notification-configuration --bucket {bucket}"
    put = f"{put} --notification-configuration"
    if not found.others:
        return f"{put} '{{\"EventBridgeConfiguration\": {{}}}}'"
    get = f"aws s3api get-bucket-notification-configuration --bucket {bucket}"
    return (
        f'{get} > notifications.json; add the member "EventBridgeConfiguration": {{}} to that '
        f"file, because the command replaces the bucket's other notifications; "
        f"{put} file://notifications.json"
    )


@dataclass(frozen=True, slots=True)
class UploadEvents:
    """Where the events of uploads come from. An empty `bucket` stands for the stack's own one."""

    bucket: str
    prefixes: tuple[str, ...]

    def describe(self, buckets: Buckets) -> dict[str, object]:
        """Return the member `inputs` of the response to `describe`.

        docs/explanation/endpoint.md has its members.
        """
        described: dict[str, object] = {
            "bucket": self.bucket or None,
            "prefixes": [*self.prefixes],
            "events": "own",
        }
        if not self.bucket:
            return described
        try:
            found = buckets.notifications(self.bucket)
        except RelayError as error:
            return {**described, "events": "unknown", "problem": str(error)}
        if found.event_bridge:
            return {**described, "events": "on"}
        remedy = command_to_send_events(self.bucket, found)
        return {**described, "events": "off", "problem": f"no upload arrives: {remedy}"}
