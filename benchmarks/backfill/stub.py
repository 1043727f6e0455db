"""An HTTP server that plays AWS for a backfill: `python -m benchmarks.backfill.stub OBJECTS`.

It lists so many objects, keeps the items that are written, and takes messages. The requests in them
end in the order in which they came, as many as `/_ended/NUMBER` says; until then, all of them.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from relay.aws.dynamodb.attempt_items import to_item
from relay.model import Attempt, AttemptState

from benchmarks.plain_http import http_response, read_request

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_LIST_HEAD = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
_UNIT = 1_024
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BackfillStub:
    """A running stub."""

    url: str

    def end(self, number: int) -> None:
        """Let so many requests have ended."""
        self._get(f"/_ended/{number}")

    def record(self, key: str) -> dict[str, Any]:
        """The JSON of the record with this key."""
        found: dict[str, Any] = json.loads(self._get(f"/_record/{quote(key)}"))
        return found

    def take_counts(self) -> Counter[str]:
        """What was asked for since the last time: operations, and the units that AWS bills."""
        return Counter(json.loads(self._get("/_counts")))

    def _get(self, path: str) -> bytes:
        with _DIRECT.open(f"{self.url}{path}", timeout=30) as answer:
            content: bytes = answer.read()
            return content


@contextmanager
def running_stub(objects: int) -> Iterator[BackfillStub]:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.backfill.stub", str(objects)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield BackfillStub(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


class _Aws:
    """What the services know."""

    def __init__(self, objects: int) -> None:
        self.counts: Counter[str] = Counter()
        self._objects = objects
        self._items: dict[str, dict[str, Any]] = {}
        self._numbers: dict[str, int] = {}
        self._ended: int | None = None

    def end(self, number: int) -> None:
        self._ended = number

    def record(self, key: str) -> str:
        text: str = self._items[key]["backfill"]["S"]
        return text

    def listed(self, query: Mapping[str, list[str]]) -> str:
        """A page of ListObjectsV2. Keys have eight digits, so their order is that of numbers."""
        self.counts["ListObjectsV2"] += 1
        after = query.get("start-after", [""])[0]
        first = int(after.rpartition("/")[2].partition("-")[0]) + 1 if after else 0
        last = min(self._objects, first + int(query["max-keys"][0]))
        contents = "".join(
            f"<Contents><Key>inputs/2025/{number:08}-customer-{number % 97:02}.csv</Key>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{number:032x}&quot;</ETag><Size>10000</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for number in range(first, last)
        )
        more = str(last < self._objects).lower()
        return f"{_LIST_HEAD}<IsTruncated>{more}</IsTruncated>{contents}</ListBucketResult>"

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self.counts[operation] += 1
        match operation:
            case "SendMessageBatch":
                return self._take(request["Entries"])
            case "GetQueueAttributes":
                return {"Attributes": dict.fromkeys(request["AttributeNames"], "0")}
            case "GetItem":
                item = self._items.get(request["Key"]["id"]["S"])
                self.counts["read units"] += -(-len(json.dumps(item or {})) // (4 * _UNIT))
                return {} if item is None else {"Item": item}
            case "PutItem":
                item = request["Item"]
                self._items[item["id"]["S"]] = item
                self.counts["write units"] += -(-len(json.dumps(item)) // _UNIT)
                return {}
            case "BatchGetItem":
                return self._look_up(request["RequestItems"])
            case "DescribeTable":
                return {"Table": {"CreationDateTime": 1_780_000_000}}
            case "PutEvents":
                return {"Entries": [{"EventId": "1"}]}
        return {}

    def _take(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        size = sum(len(entry["MessageBody"]) for entry in entries)
        self.counts["SQS requests"] += -(-size // (64 * _UNIT))
        for entry in entries:
            for each in json.loads(entry["MessageBody"])["requests"]:
                self.counts["requests"] += 1
                if self._ended is not None:
                    self._numbers.setdefault(each["request_id"], len(self._numbers))
        taken = [
            {
                "Id": entry["Id"],
                "MessageId": "m",
                "MD5OfMessageBody": hashlib.md5(  # noqa: S324 - SQS's own
                    entry["MessageBody"].encode(), usedforsecurity=False
                ).hexdigest(),
            }
            for entry in entries
        ]
        return {"Successful": taken, "Failed": []}

    def _look_up(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        ((table, asked),) = tables.items()
        keys = [key["id"]["S"] for key in asked["Keys"]]
        self.counts["look-ups"] += len(keys)
        items = [self._attempt(key) for key in keys]
        return {"Responses": {table: items}, "UnprocessedKeys": {}}

    def _attempt(self, key: str) -> dict[str, Any]:
        is_open = self._ended is not None and self._numbers.get(key, 0) >= self._ended
        return {**_ATTEMPT, "id": {"S": key}, "state": {"S": "OPEN" if is_open else "COMPLETED"}}


def _attempt_item() -> dict[str, Any]:
    attempt = Attempt(
        "a" * 32,
        "a" * 32,
        1,
        "message",
        "relay",
        LONG_AGO,
        LONG_AGO,
        AttemptState.COMPLETED,
        routed_at=LONG_AGO,
        output_location="s3://relay-data/outputs/" + "a" * 32 + ".out",
    )
    return dict(to_item(attempt))


_ATTEMPT = _attempt_item()


async def _serve(aws: _Aws) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                _, path, headers, body = await read_request(reader)
                writer.write(_response(path, headers, body, aws))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _response(path: str, headers: Mapping[str, str], body: bytes, aws: _Aws) -> bytes:
    if path == "/_counts":
        text = json.dumps(aws.counts)
        aws.counts.clear()
        return http_response(text)
    if path.startswith("/_record/"):
        return http_response(aws.record(unquote(path.removeprefix("/_record/"))))
    if path.startswith("/_ended/"):
        aws.end(int(path.rpartition("/")[2]))
        return http_response("{}")
    target = headers.get("x-amz-target")
    if target is None:
        return http_response(aws.listed(parse_qs(urlsplit(path).query)))
    operation = target.rpartition(".")[2]
    return http_response(json.dumps(aws.answer(operation, json.loads(body))))


if __name__ == "__main__":
    asyncio.run(_serve(_Aws(int(sys.argv[1]))))
