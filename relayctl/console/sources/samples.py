"""Inputs for the model of the local stack."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from relayctl.deployment import Deployment
from relayctl.requests.search import input_bucket, input_prefixes

UPLOADING_NEEDS: Final = ("s3:PutObject",)

# The model takes rows of 30 measurements: local/model/ATTRIBUTION.md.
_ROW: Final = (
    "17.99,10.38,122.8,1001,0.1184,0.2776,0.3001,0.1471,0.2419,0.07871,1.095,0.9053,8.589,153.4,"
    "0.006399,0.04904,0.05373,0.01587,0.03003,0.006193,25.38,17.33,184.6,2019,0.1622,0.6656,"
    "0.7119,0.2654,0.4601,0.1189\n"
)
SAMPLES: Final[Mapping[str, str]] = {
    "good": "A row that the stack's model takes",
    "bad": "A row that it refuses: three values in place of 30",
    "empty": "An empty file",
}
_CONTENTS: Final = {"good": _ROW, "bad": "1,2,3\n", "empty": ""}


def content(sample: str) -> bytes:
    """Return the content of one of `SAMPLES`."""
    return _CONTENTS[sample].encode()


def upload(deployment: Deployment, data: bytes, name: str, run: str, number: int) -> str:
    """Upload data so many times under the prefix of the inputs; return where it lies.

    Args:
        name: of the file; each key ends so.
        run: distinguishes the keys from those of other uploads.

    Raises:
        ClientError: S3 refused.
    """
    bucket = input_bucket(deployment)
    first = input_prefixes(deployment)[0]
    prefix = f"{first}console/{run}"
    file = PurePosixPath(name.replace("\\", "/")).name or "file"
    kind = "text/csv" if file.endswith(".csv") else "application/octet-stream"
    for each in range(number):
        key = f"{prefix}/{each:03}-{file}"
        deployment.s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType=kind)
    return f"s3://{bucket}/{prefix}/"
