"""A look at the beginning of an object: text, JSON, a table, or bytes."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from botocore.exceptions import ClientError
from relay.s3uri import S3Uri

from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError

LOOKING_NEEDS: Final = ("s3:GetObject",)

_MOST_BYTES: Final = 65_536
_MOST_SHOWN: Final = 20_000
_MOST_ROWS, _MOST_COLUMNS, _MOST_CELL = 25, 40, 80
_HEX_BYTES, _HEX_WIDTH = 512, 16
_ABSENT: Final = ("NoSuchKey", "404")
_BINARY: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown of an object. `kind` is text, JSON, CSV, bytes or nothing.

    `cut`: the object has more than what is shown.
    """

    location: str
    size: int
    content_type: str
    modified: datetime
    kind: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    cut: bool = False


def look(deployment: Deployment, location: str) -> Look:
    """Return the beginning of the object at an S3 URI.

    Raises:
        RelayctlError: there is no such object.
        ClientError: S3 refused to return it.
    """
    uri = S3Uri.parse(location)
    given = f"bytes=0-{_MOST_BYTES - 1}"
    try:
        answer = deployment.s3.get_object(Bucket=uri.bucket, Key=uri.key, Range=given)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code in _ABSENT:
            raise RelayctlError(f"there is no object {location}: it was deleted") from error
        if code != "InvalidRange":
            raise
        # An empty object has no first byte.
        answer = deployment.s3.get_object(Bucket=uri.bucket, Key=uri.key)
    # The body of another answer than that to a range could be of any size.
    data = answer["Body"].read(_MOST_BYTES)
    total = answer.get("ContentRange", "").rpartition("/")[2]
    size = int(total) if total.isdigit() else answer["ContentLength"]
    kind, text, rows, cut = _read(data, location, answer.get("ContentType", ""), size)
    content_type = answer.get("ContentType", "")
    return Look(location, size, content_type, answer["LastModified"], kind, text, rows, cut)


def _read(
    data: bytes, location: str, content_type: str, size: int
) -> tuple[str, str, list[list[str]], bool]:
    if not data:
        return "nothing", "", [], False
    whole = len(data) >= size
    text = _text(data)
    if text is None:
        return "bytes", "\n".join(_hex(data[:_HEX_BYTES])), [], size > _HEX_BYTES
    if "csv" in content_type or location.endswith(".csv"):
        rows = _rows(text)
        if any(len(each) > 1 for each in rows):
            return "CSV", "", rows, not whole or text.count("\n") > len(rows)
    kind = "text"
    if whole and ("json" in content_type or text.lstrip()[:1] in ("{", "[")):
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
            kind = "JSON"
        except (ValueError, RecursionError):
            pass  # it is shown as the text that it is
    return kind, text[:_MOST_SHOWN], [], not whole or len(text) > _MOST_SHOWN


def _text(data: bytes) -> str | None:
    """Return UTF-8 text, which may end within a character; None of anything else."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return None
    return None if _BINARY.search(text) else text


def _rows(text: str) -> list[list[str]]:
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text)):
            if len(found) == _MOST_ROWS:
                break
            found.append([each[:_MOST_CELL] for each in row[:_MOST_COLUMNS]])
    except csv.Error:
        return []
    return found


def _hex(data: bytes) -> Iterator[str]:
    for start in range(0, len(data), _HEX_WIDTH):
        line = data[start : start + _HEX_WIDTH]
        shown = "".join(chr(each) if 32 <= each < 127 else "." for each in line)
        yield f"{start:06x}  {line.hex(' '):<{_HEX_WIDTH * 3}} {shown}"
