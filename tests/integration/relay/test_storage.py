"""S3 keeps the contract."""

from typing import TYPE_CHECKING

import pytest
from relay.aws.storage import S3Storage
from relay.errors import PermanentError

from tests.contract.storage import Shelf, StorageContract
from tests.support.fakes.budgets import ample

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUCKET = "data"


class OnS3:
    """The adapter as the contract wants it."""

    def __init__(self, s3: "S3Client") -> None:
        self.storage = S3Storage(s3, ample())
        self._s3 = s3
        s3.create_bucket(Bucket=_BUCKET)

    def put(self, key: str) -> str:
        self._s3.put_object(Bucket=_BUCKET, Key=key, Body=b"")
        return self.location(key)

    def location(self, key: str) -> str:
        return f"s3://{_BUCKET}/{key}"


@pytest.fixture
def on_s3(s3: "S3Client") -> OnS3:
    return OnS3(s3)


class TestTheStorage(StorageContract):
    @pytest.fixture
    def shelf(self, on_s3: OnS3) -> Shelf:
        return on_s3


def test_a_bucket_that_does_not_exist_fails_its_own_search(on_s3: OnS3) -> None:
    here, nowhere = on_s3.put("outputs/a.out"), "s3://nowhere/outputs/a.out"

    found = on_s3.storage.find([nowhere, here])

    assert found[here] == here
    assert isinstance(found[nowhere], PermanentError)
    assert "NoSuchBucket" in str(found[nowhere])
