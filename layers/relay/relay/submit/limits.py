"""What SageMaker accepts in InvokeEndpointAsync, checked before the call.

botocore checks minimums only; maximums, patterns and "exactly one of" are checked here. Source: the
service model of sagemaker-runtime and the guide's quotas (1 GB input, 128,000 bytes inline).
"""

import re

from relay.model import InferenceRequest
from relay.s3uri import S3Uri

MAX_LOCATION_CHARACTERS = 1024
MAX_INLINE_BYTES = 128_000
MAX_OBJECT_BYTES = 1024**3
MAX_HEADER_CHARACTERS = 1024
MAX_EXTENSION_CHARACTERS = 511

_VISIBLE_ASCII = re.compile(r"[\x20-\x7e]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EXTENSION = re.compile(r"(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+")


def problems(request: InferenceRequest, inputs: S3Uri) -> list[str]:
    """Why SageMaker can never accept this request, in words for the person who made it."""
    found = list(_header_problems(request))
    if request.location is not None and request.body is not None:
        found.append("it has both an input location and a body; give one")
    elif request.location is not None:
        found += _location_problems(request.location, inputs)
    elif request.body is not None:
        if len(request.body) > MAX_INLINE_BYTES:
            found.append(
                f"its body has {len(request.body):,} bytes and SageMaker takes at most "
                f"{MAX_INLINE_BYTES:,} inline; upload it and give its location"
            )
    else:
        found.append("it has neither an input location nor a body; give one")
    if request.size is not None and request.size > MAX_OBJECT_BYTES:
        found.append(f"its input has {request.size:,} bytes and SageMaker takes at most 1 GB")
    return found


def _location_problems(location: S3Uri, inputs: S3Uri) -> list[str]:
    found = []
    text = str(location)
    if len(text) > MAX_LOCATION_CHARACTERS:
        found.append(
            f"its input location has {len(text):,} characters and SageMaker takes at most "
            f"{MAX_LOCATION_CHARACTERS:,}; use a shorter key"
        )
    if _CONTROL.search(text) or text != text.strip():
        found.append(
            "its key holds a control character or ends in white space, which no HTTP header can "
            "carry; rename the object"
        )
    if not inputs.contains(location):
        found.append(f"its input does not lie under {inputs}; put it there")
    return found


def _header_problems(request: InferenceRequest) -> list[str]:
    found = []
    for name, value in (
        ("content type", request.content_type),
        ("accept", request.accept),
        ("custom attributes", request.custom_attributes),
    ):
        if value is None:
            continue
        if len(value) > MAX_HEADER_CHARACTERS:
            found.append(f"its {name} has {len(value):,} characters; at most 1,024 are taken")
        if not _VISIBLE_ASCII.fullmatch(value):
            found.append(f"its {name} holds characters other than visible ASCII")
    for name, number, minimum, maximum in (
        ("ttl_seconds", request.ttl_seconds, 60, 21_600),
        ("timeout_seconds", request.timeout_seconds, 1, 3_600),
    ):
        if number is not None and not minimum <= number <= maximum:
            found.append(f"its {name} is {number}; it must lie between {minimum} and {maximum:,}")
    return found


def output_extension(location: S3Uri | None, inputs: S3Uri) -> str | None:
    """S3OutputPathExtension: the input's folder under `inputs`, if its characters are allowed.

    It begins and ends without a slash, and leaves room for one.
    """
    if location is None:
        return None
    folder = location.key.removeprefix(inputs.key).rpartition("/")[0].strip("/")
    if len(folder) > MAX_EXTENSION_CHARACTERS or not _EXTENSION.fullmatch(folder):
        return None
    return folder
