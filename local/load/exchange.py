"""Uploads and receives at the same time, as a producer and a consumer would."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from local.demo.results import Inbox, Result, queue_depths, read_output
from local.load.emulator import read_counters
from local.load.tally import Tally
from local.load.uploads import Uploader
from local.stack.clients import Clients
from local.stack.settings import StackSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_PAUSE_SECONDS = 0.1
_THREADS = 8

# Where a message would lie that could still become a second result.
_ON_THE_WAY = ("SubmitQueue", "NotificationQueue")


def exchange(
    uploader: Uploader,
    inbox: Inbox,
    tally: Tally,
    silence_seconds: float,
    meanwhile: Callable[[], None],
) -> None:
    """Goes on until every upload has its result, or no result came for so long.

    `meanwhile` is called several times a second; what it raises ends the exchange.
    """
    last = time.monotonic()
    while tally.missing and time.monotonic() - last < silence_seconds:
        before = last
        uploader.fill()
        for result in inbox.receive():
            tally.take(result)
            uploader.arrived(result.subject)
            uploader.fill()
            last = time.monotonic()
        meanwhile()
        if last == before:
            time.sleep(_PAUSE_SECONDS)


def unsettled(clients: Clients, settings: StackSettings, table: str) -> list[str]:
    """What could still become another result, one phrase each; nothing when all is over."""
    depths = queue_depths(clients)
    counters = read_counters(settings)
    found = {
        **{f"messages on {name}": depths[name] for name in _ON_THE_WAY},
        "requests at the endpoint": counters["backlog"] + counters["in_flight"],
        "attempts open in the ledger": _open_attempts(clients.dynamodb, table),
    }
    return [f"{number} {what}" for what, number in found.items() if number]


def wait_until_settled(
    pending: Callable[[], list[str]], seconds: float, meanwhile: Callable[[list[str]], None]
) -> list[str]:
    """Waits until nothing is pending, at most so long; returns what still is."""
    deadline = time.monotonic() + seconds
    while (found := pending()) and time.monotonic() < deadline:
        meanwhile(found)
        time.sleep(1)
    return found


def read_outputs(s3: "S3Client", results: list[Result]) -> dict[str, str]:
    """The text of every output object that a result names, by its location."""
    locations = {result.output_location for result in results if result.output_location}
    with ThreadPoolExecutor(_THREADS) as threads:
        texts = threads.map(lambda uri: read_output(s3, uri), locations)
        return dict(zip(locations, texts, strict=True))


def _open_attempts(dynamodb: "DynamoDBClient", table: str) -> int:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        Select="COUNT",
        FilterExpression="#state = :open",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":open": {"S": "OPEN"}},
    )
    return sum(page["Count"] for page in pages)
