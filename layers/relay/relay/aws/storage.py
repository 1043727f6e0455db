"""S3: finding objects with ListObjectsV2, which needs no permission to read them."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from relay.aws.errors import translated
from relay.aws.side_by_side import SideBySide
from relay.budget import Budget
from relay.errors import RelayError
from relay.s3uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LISTS_AT_A_TIME = 10


class S3Storage:
    """Implements `relay.ports.Storage` with one ListObjectsV2 for each prefix."""

    def __init__(self, s3: "S3Client", budget: Budget) -> None:
        self._s3 = s3
        self._side_by_side = SideBySide(budget, _LISTS_AT_A_TIME, "list")

    def find(self, prefixes: Collection[str]) -> Mapping[str, str | RelayError | None]:
        return dict(zip(prefixes, self._side_by_side(self._first, list(prefixes)), strict=True))

    def _first(self, prefix: str) -> str | RelayError | None:
        uri = S3Uri.parse(prefix)
        try:
            with translated(f"look for {prefix}"):
                # In lexical order an object comes before those whose keys begin with its key.
                answer = self._s3.list_objects_v2(Bucket=uri.bucket, Prefix=uri.key, MaxKeys=1)
        except RelayError as error:
            return error
        for found in answer.get("Contents", []):
            return str(S3Uri(uri.bucket, found["Key"]))
        return None
