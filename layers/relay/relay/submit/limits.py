"""Limits of InvokeEndpointAsync, checked before the call.

botocore checks minimums only. This module checks maximums, patterns and "exactly one of", and
`relay.inputs.limits` the headers. Source: the service model of sagemaker-runtime and the quotas in
SageMaker's guide (input of 1 GB, inline body of 128,000 bytes).
"""

import re

from relay.inputs.inputs import Inputs
from relay.inputs.limits import header_problems
from relay.model import InferenceRequest
from relay.s3uri import S3Uri

MAX_LOCATION_CHARACTERS = 1024
MAX_INLINE_BYTES = 128_000
MAX_OBJECT_BYTES = 1024**3
MAX_EXTENSION_CHARACTERS = 511

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EXTENSION = re.compile(r"(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+")


def problems(request: InferenceRequest, inputs: Inputs) -> list[str]:
    """Return the reasons for which SageMaker can never accept this request, for its sender."""
    found = [f"{name} {text}" for name, text in header_problems(request)]
    if request.location is not None and request.body is not None:
        found.append("request has both an input location and a body; give one of them")
    elif request.location is not None:
        found += _location_problems(request.location)
        if not inputs.admits(request):
            found.append(f"input location is not under {inputs}; upload the input there")
    elif request.body is not None:
        if len(request.body) > MAX_INLINE_BYTES:
            found.append(
                f"body has {len(request.body):,} bytes and SageMaker accepts at most "
                f"{MAX_INLINE_BYTES:,} inline; upload the input and give its location"
            )
    else:
        found.append("request has neither an input location nor a body; give one of them")
    if request.size is not None and request.size > MAX_OBJECT_BYTES:
        found.append(f"input has {request.size:,} bytes and SageMaker accepts at most 1 GB")
    return found


def _location_problems(location: S3Uri) -> list[str]:
    found = []
    text = str(location)
    if len(text) > MAX_LOCATION_CHARACTERS:
        found.append(
            f"input location has {len(text):,} characters and SageMaker accepts at most "
            f"{MAX_LOCATION_CHARACTERS:,}; use a shorter key"
        )
    if _CONTROL.search(text) or text != text.strip():
        found.append(
            "key contains a control character or ends in white space, which an HTTP header cannot "
            "carry; rename the object"
        )
    return found


def output_extension(location: S3Uri | None, inputs: Inputs) -> str | None:
    """Return the subfolder of an input, as S3OutputPathExtension.

    It has no slash at either end, and one character less than SageMaker accepts. None where the
    input has no folder, or SageMaker does not accept the folder's name.
    """
    if location is None:
        return None
    folder = inputs.subfolder(location)
    if len(folder) > MAX_EXTENSION_CHARACTERS or not _EXTENSION.fullmatch(folder):
        return None
    return folder
