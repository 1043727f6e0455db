"""S3: listing objects in the order of their keys, a page at a time."""

from typing import TYPE_CHECKING

from relay.aws.errors import translated
from relay.aws.storage import stored_object
from relay.backfill.ports import ListedPage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Listing:
    """Implements `relay.backfill.ports.Listing` with one ListObjectsV2 for each page."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3

    def page(self, bucket: str, prefix: str, after: str, limit: int) -> ListedPage:
        with translated(f"list s3://{bucket}/{prefix}"):
            if after:
                answer = self._s3.list_objects_v2(
                    Bucket=bucket, Prefix=prefix, StartAfter=after, MaxKeys=limit
                )
            else:
                answer = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=limit)
        objects = [stored_object(bucket, found) for found in answer.get("Contents", [])]
        return ListedPage(objects, last=not answer["IsTruncated"])
