"""An HTTP server that plays AWS and answers at once: `python -m benchmarks.stub`.

It says what the calls of submit and route hope for, and counts them. It runs in a process of its
own, so that no figure has its processor time. Everything is over plain HTTP: what
TLS costs is the same for every kind, for each call.
"""

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.messages import OUTPUTS, item, job, routes_document
from benchmarks.plain_http import http_response, read_request

_ASYNC_INVOCATION = re.compile(r"/endpoints/[^/]+/async-invocations")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Stub:
    """A running stub."""

    url: str

    def take_counts(self) -> Counter[str]:
        """The calls since the last time, by the name of their operation."""
        with _DIRECT.open(f"{self.url}/_counts", timeout=10) as answer:
            return Counter(json.load(answer))


@contextmanager
def running_stub(routes: str | None = None) -> Iterator[Stub]:
    """`routes` is the document in the parameter, where the template's own is not wanted."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub", *([] if routes is None else [routes])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Stub(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


def answer(operation: str, request: Mapping[str, Any], routes: str | None = None) -> dict[str, Any]:
    """What AWS says to a JSON request when all is well."""
    match operation:
        case "SendMessageBatch":
            entries = request["Entries"]
            return {"Successful": [_sent(entry["Id"]) for entry in entries], "Failed": []}
        case "SendMessage":
            return _sent("")
        case "BatchExecuteStatement":
            return {"Responses": [{} for _ in request["Statements"]]}
        case "BatchGetItem":
            return {"Responses": dict(_found(request)), "UnprocessedKeys": {}}
        case "GetItem":
            return {"Item": job(request["Key"]["id"]["S"])}  # only `usual` asks one by one
        case "GetParameter":
            text = routes or routes_document()
            return {"Parameter": {"Value": text, "Version": 1, "Type": "String"}}
        case "PublishBatch" | "PutEvents":
            raise NotImplementedError(f"no route of the benchmark asks for {operation}")
        case _:
            return {}


def _sent(entry_id: str) -> dict[str, str]:
    return {"Id": entry_id, "MessageId": "m" * 36, "MD5OfMessageBody": "0" * 32}


def _found(request: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for table, wanted in request["RequestItems"].items():
        items = (item(key["id"]["S"]) for key in wanted["Keys"])
        yield table, [_projected(each, wanted) for each in items]


def _projected(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are asked for; all of them where nothing is said."""
    if "ProjectionExpression" not in wanted:
        return dict(item)
    names = wanted.get("ExpressionAttributeNames", {})
    asked_for = [names.get(name, name) for name in wanted["ProjectionExpression"].split(", ")]
    return {name: item[name] for name in asked_for if name in item}


async def _serve(counts: Counter[str], routes: str | None) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                _, path, headers, body = await read_request(reader)
                writer.write(_response(path, headers, body, counts, routes))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _response(
    path: str, headers: Mapping[str, str], body: bytes, counts: Counter[str], routes: str | None
) -> bytes:
    if path == "/_counts":
        text = json.dumps(counts)
        counts.clear()
        return http_response(text)
    if _ASYNC_INVOCATION.fullmatch(path):
        counts["InvokeEndpointAsync"] += 1
        inference_id = headers.get("x-amzn-sagemaker-inference-id", "0" * 32)
        folder = headers.get("x-amzn-sagemaker-s3outputpathextension")
        location = f"{OUTPUTS}{folder + '/' if folder else ''}{inference_id}.out"
        return http_response(
            json.dumps({"InferenceId": inference_id}),
            f"x-amzn-sagemaker-outputlocation: {location}\r\n",
        )
    operation = headers["x-amz-target"].rpartition(".")[2]
    counts[operation] += 1
    return http_response(json.dumps(answer(operation, json.loads(body), routes)))


if __name__ == "__main__":
    asyncio.run(_serve(Counter(), sys.argv[1] if len(sys.argv) > 1 else None))
