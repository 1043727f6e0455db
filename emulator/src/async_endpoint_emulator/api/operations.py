"""What all operations of the emulated APIs share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.validation import Document

Operation = Callable[[Document], Awaitable[Document]]
"""Carries out a valid request of a caller that may make it."""

T = TypeVar("T")


def find(operations: Mapping[str, T], name: str) -> T:
    """Raises AwsError for an operation that the emulator does not know."""
    if name not in operations:
        raise AwsError("UnknownOperationException", f"The emulator does not know {name}.", 404)
    return operations[name]
