"""Reads a result with the CloudEvents SDK (`pip install cloudevents`, version 2)."""

from typing import cast

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from result import Completed, NotCompleted

CONTRACT = "urn:async-inference-relay:result:1"


def read(body: str) -> tuple[CloudEvent, Completed | NotCompleted]:
    """Return the event, whose time is a datetime, and its data.

    Raises:
        ValueError: the message is no result of the version that this consumer knows.
    """
    event = JSONFormat().read(CloudEvent, body)
    if event.get_dataschema() != CONTRACT:
        raise ValueError(f"it follows {event.get_dataschema()!r}, not {CONTRACT!r}")
    return cast(CloudEvent, event), cast("Completed | NotCompleted", event.get_data())


def describe(body: str) -> str:
    """Return a line about a result."""
    event, data = read(body)
    ended = f"{event.get_time():%Y-%m-%d %H:%M:%S} {event.get_subject()}"
    if data["outcome"] == "completed":
        return f"{ended}: {data['output']['location']}"
    return f"{ended}: {data['outcome']}, {data['failure']['reason']}"
