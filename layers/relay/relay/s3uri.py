"""An object or folder in S3."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

_S3 = re.compile(r"s3://([^/]+)/(.*)", re.DOTALL)
_REGION = r"[a-z]+(?:-[a-z]+)*-\d+"


def host_prefix(region: str = _REGION) -> str:
    """Return a pattern of what each of S3's hosts in the region has before its partition's domain.

    https://docs.aws.amazon.com/general/latest/gr/s3.html
    """
    return rf"s3(?:-fips)?(?:\.dualstack)?(?:[.-]{region})?\."


# The whole name of a host: a bucket's name may begin or end like a host, and a host outside of AWS
# like a bucket.
_HOST = rf"{host_prefix()}amazonaws\.(?:com\.cn|com|eu)"
_VIRTUAL_HOST = re.compile(rf"https://([A-Za-z0-9_.-]+)\.{_HOST}/(.*)", re.DOTALL)
_PATH_STYLE = re.compile(rf"https://{_HOST}/([^/]+)/(.*)", re.DOTALL)
# Buckets in us-east-1 from before March 2018 may have up to 255 characters, with upper case letters
# and underscores.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
_MAX_KEY_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class S3Uri:
    """A bucket and a key. The key is raw: decoded, exactly as S3 stores it.

    The key of a folder may be empty.

    Raises:
        ValueError: S3 can have no such bucket or key.
    """

    bucket: str
    key: str

    def __post_init__(self) -> None:
        problem = _problem(self.bucket, self.key)
        if problem is not None:
            raise ValueError(f"not an S3 location: {problem}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://bucket/key`, or an `https://` form that SageMaker also uses.

        Raises:
            ValueError: `text` has neither form, or S3 can have no such bucket or key.
        """
        if match := _S3.fullmatch(text):
            return cls(match[1], match[2])
        if match := _PATH_STYLE.fullmatch(text) or _VIRTUAL_HOST.fullmatch(text):
            return cls(match[1], unquote(match[2]))
        raise ValueError(f"not an S3 location: {text[:200]!r}")

    def contains_text(self, text: str) -> bool:
        """Whether `text` is an S3 location under this folder."""
        try:
            return self.contains(type(self).parse(text))
        except ValueError:
            return False

    def contains(self, other: "S3Uri") -> bool:
        """Whether `other` is under this folder. A key with a `..` segment never is."""
        return (
            other.bucket == self.bucket
            and other.key.startswith(self.key)
            and ".." not in other.key.split("/")
        )

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def _problem(bucket: str, key: str) -> str | None:
    if not _BUCKET.fullmatch(bucket):
        return f"{bucket[:80]!r} is not the name of a bucket"
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return "its key contains an unpaired surrogate"
    if length > _MAX_KEY_BYTES:
        return f"its key has {length:,} bytes; S3 accepts at most {_MAX_KEY_BYTES:,}"
    return None
