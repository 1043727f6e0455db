"""S3 locations as SageMaker writes them."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

_S3 = re.compile(r"s3://([^/]+)/?(.*)", re.DOTALL)
_PATH_STYLE = re.compile(r"https://s3[.-][^/]+/([^/]+)/?(.*)", re.DOTALL)
_VIRTUAL_HOST = re.compile(r"https://([^/]+?)\.s3[.-][^/]+/?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class S3Location:
    """A bucket and a raw key, which may be a prefix or empty."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `s3://bucket/key` and both `https://` forms.

        Raises:
            ValueError: it is none of them.
        """
        if match := _S3.fullmatch(text):
            return cls(match[1], match[2])
        if match := _PATH_STYLE.fullmatch(text) or _VIRTUAL_HOST.fullmatch(text):
            return cls(match[1], unquote(match[2]))
        raise ValueError(f"not an S3 location: {text!r}")

    def under(self, *names: str) -> "S3Location":
        """The object `names` below this prefix, with single slashes between the parts."""
        parts = [part.strip("/") for part in (self.key, *names)]
        return S3Location(self.bucket, "/".join(part for part in parts if part))

    def to_https(self, region: str) -> str:
        """The virtual-hosted form that some notifications carry."""
        return f"https://{self.bucket}.s3.{region}.amazonaws.com/{quote(self.key)}"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"
