"""An object or folder in S3."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

_S3 = re.compile(r"s3://([^/]+)/(.*)", re.DOTALL)
# Only AWS's hosts: a host outside AWS may have a name that begins like a bucket's.
_HOST = r"s3(?:[.-][a-z0-9-]+)*\.amazonaws\.(?:com\.cn|com|eu)"
_VIRTUAL_HOST = re.compile(rf"https://([A-Za-z0-9_.-]+)\.{_HOST}/(.*)", re.DOTALL)
_PATH_STYLE = re.compile(rf"https://{_HOST}/([^/]+)/(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class S3Uri:
    """A bucket and a key. The key is raw: decoded, exactly as S3 stores it."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://bucket/key`, or an `https://` form that SageMaker also uses.

        Raises:
            ValueError: `text` has neither form.
        """
        if match := _S3.fullmatch(text):
            return cls(match[1], match[2])
        if match := _PATH_STYLE.fullmatch(text) or _VIRTUAL_HOST.fullmatch(text):
            return cls(match[1], unquote(match[2]))
        raise ValueError(f"not an S3 location: {text[:200]!r}")

    def contains(self, other: "S3Uri") -> bool:
        """Whether `other` is under this folder. A key with a `..` segment never is."""
        return (
            other.bucket == self.bucket
            and other.key.startswith(self.key)
            and ".." not in other.key.split("/")
        )

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"
