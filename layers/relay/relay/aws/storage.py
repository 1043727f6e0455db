"""S3: finding objects with ListObjectsV2, which needs no permission to read them."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from relay.aws.errors import translated
from relay.aws.side_by_side import SideBySide
from relay.budget import Budget
from relay.errors import RelayError
from relay.ports import StoredObject
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_LISTS_AT_A_TIME = 10


class S3Storage:
    """Implements `relay.ports.Storage` with one ListObjectsV2 for each prefix."""

    def __init__(self, s3: "S3Client", budget: Budget) -> None:
        self._s3 = s3
        self._side_by_side = SideBySide(budget, _LISTS_AT_A_TIME, "list")

    def find(self, prefixes: Collection[str]) -> Mapping[str, str | RelayError | None]:
        return dict(zip(prefixes, self._side_by_side(self._first, list(prefixes)), strict=True))

    def first(self, prefix: S3Uri) -> StoredObject | None:
        with translated(f"look for {prefix}"):
            # In lexical order an object comes before those whose keys begin with its key.
            answer = self._s3.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key, MaxKeys=1)
        for found in answer.get("Contents", []):
            return stored_object(prefix.bucket, found)
        return None

    def _first(self, prefix: str) -> str | RelayError | None:
        try:
            found = self.first(S3Uri.parse(prefix))
        except RelayError as error:
            return error
        return None if found is None else str(found.location)


def stored_object(bucket: str, found: "ObjectTypeDef") -> StoredObject:
    """Return an entry of a listing as an object."""
    location = S3Uri(bucket, found["Key"])
    etag = found.get("ETag", "").strip('"')
    return StoredObject(location, found["LastModified"], found["Size"], etag)
