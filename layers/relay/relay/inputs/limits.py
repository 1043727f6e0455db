"""Limits of the headers of InvokeEndpointAsync.

Source: the service model of sagemaker-runtime. botocore checks minimums only.
"""

import re
from collections.abc import Iterator
from typing import Final, Protocol

MAX_HEADER_CHARACTERS: Final = 1024

_VISIBLE_ASCII = re.compile(r"[\x20-\x7e]*")


class Headers(Protocol):
    """What a request, or a default, sends as headers. None is not sent."""

    @property
    def content_type(self) -> str | None: ...
    @property
    def accept(self) -> str | None: ...
    @property
    def custom_attributes(self) -> str | None: ...
    @property
    def ttl_seconds(self) -> int | None: ...
    @property
    def timeout_seconds(self) -> int | None: ...


def header_problems(headers: Headers) -> Iterator[tuple[str, str]]:
    """Yield each header that SageMaker never accepts, and why: `("ttl_seconds", "is 5; …")`."""
    for name, value in (
        ("content_type", headers.content_type),
        ("accept", headers.accept),
        ("custom_attributes", headers.custom_attributes),
    ):
        if value is None:
            continue
        if len(value) > MAX_HEADER_CHARACTERS:
            yield (
                name,
                f"has {len(value):,} characters and SageMaker accepts at most "
                f"{MAX_HEADER_CHARACTERS:,}",
            )
        if not _VISIBLE_ASCII.fullmatch(value):
            yield name, "contains characters other than visible ASCII"
    for name, number, minimum, maximum in (
        ("ttl_seconds", headers.ttl_seconds, 60, 21_600),
        ("timeout_seconds", headers.timeout_seconds, 1, 3_600),
    ):
        if number is not None and not minimum <= number <= maximum:
            yield name, f"is {number}; it must be from {minimum:,} to {maximum:,}"
