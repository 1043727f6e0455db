"""The List operations' filters, order and pages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from async_endpoint_emulator.errors import validation_exception
from async_endpoint_emulator.validation import Document

_DEFAULT_PAGE = 10


def page(kind: str, summaries: Sequence[Document], request: Document) -> Document:
    """The answer of a List operation: one page of Models, for example, and the next one's token."""
    name_member = f"{kind}Name"
    found = [each for each in summaries if _wanted(each, request, name_member)]
    keys = {"Name": name_member, "CreationTime": "CreationTime", "Status": "EndpointStatus"}
    order = keys[request.get("SortBy", "CreationTime")]
    found.sort(
        key=lambda each: (each[order], each[name_member]),
        reverse=request.get("SortOrder", "Descending") == "Descending",
    )
    start = _offset(request.get("NextToken", "0"))
    end = start + request.get("MaxResults", _DEFAULT_PAGE)
    token = {"NextToken": str(end)} if end < len(found) else {}
    return {f"{kind}s": found[start:end], **token}


def _wanted(summary: Document, request: Document, name_member: str) -> bool:
    if request.get("NameContains", "").lower() not in summary[name_member].lower():
        return False
    if request.get("StatusEquals", summary.get("EndpointStatus")) != summary.get("EndpointStatus"):
        return False
    for member in ("CreationTime", "LastModifiedTime"):
        before, after = request.get(f"{member}Before"), request.get(f"{member}After")
        if before is not None and not summary[member] < _moment(before):
            return False
        if after is not None and not summary[member] > _moment(after):
            return False
    return True


def _moment(value: Any) -> datetime:
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise validation_exception(f"Not a timestamp: {value!r}") from exc


def _offset(token: str) -> int:
    if not token.isdecimal():
        raise validation_exception("The NextToken is invalid.")
    return int(token)
