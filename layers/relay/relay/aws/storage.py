"""S3: finding objects with ListObjectsV2, which needs no permission to read them."""

from typing import TYPE_CHECKING

from relay.aws.errors import translated
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Storage:
    """Implements `relay.ports.Storage`."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3

    def find(self, location: str) -> bool:
        return self.find_prefix(location) == str(S3Uri.parse(location))

    def find_prefix(self, prefix: str) -> str | None:
        uri = S3Uri.parse(prefix)
        with translated(f"look for {prefix}"):
            # In lexical order the object itself comes before those whose keys begin with its key.
            answer = self._s3.list_objects_v2(Bucket=uri.bucket, Prefix=uri.key, MaxKeys=1)
        for found in answer.get("Contents", []):
            return str(S3Uri(uri.bucket, found["Key"]))
        return None
