"""S3: where a bucket is, and whether it sends its events to EventBridge."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from relay.aws.errors import translated
from relay.provision.buckets import Notifications

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# How GetBucketLocation spells the two oldest regions.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
_SPELLINGS: Final = {"": "us-east-1", "EU": "eu-west-1"}
_OTHERS: Final = frozenset(
    {"TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations"}
)


class S3Buckets:
    """Implements `relay.provision.buckets.Buckets`. S3 denies buckets of another account.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """

    def __init__(self, s3: "Callable[[], S3Client]", account: str) -> None:
        self._s3 = s3
        self._account = account

    def region(self, bucket: str) -> str:
        with translated(f"get the location of bucket {bucket}"):
            found = self._s3().get_bucket_location(Bucket=bucket, ExpectedBucketOwner=self._account)
        spelled = found.get("LocationConstraint") or ""
        return _SPELLINGS.get(spelled, spelled)

    def notifications(self, bucket: str) -> Notifications:
        with translated(f"get the notifications of bucket {bucket}"):
            found = self._s3().get_bucket_notification_configuration(
                Bucket=bucket, ExpectedBucketOwner=self._account
            )
        return Notifications("EventBridgeConfiguration" in found, bool(_OTHERS & found.keys()))
