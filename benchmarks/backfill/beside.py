"""Live uploads beside a backfill, on a local stack: `python -m benchmarks.backfill.beside`.

Uploads go one after another, and each waits for its result: first on an idle stack, then while a
backfill runs. The objects of the backfill lie in a bucket that announces nothing.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from statistics import median, quantiles
from typing import Any

from local.commands import perform
from local.errors import LocalStackError
from local.load.results import receive_results
from local.load.rows import held_out_rows
from local.stack.clients import Clients
from local.stack.settings import StackSettings
from local.stack.stack import stack_beside
from local.stack.up import Narrator, bring_up, train_model

_BUCKET = "history"
_NAME = "benchmark"
_SECONDS = 60.0
_PAUSE_SECONDS = 0.02
_THREADS = 8
_MOST_RATIO = 2.0


@dataclass
class _Stack:
    """A deployed stack, and the results so far, by the URI of their input."""

    clients: Clients
    outputs: Mapping[str, str]
    arrived: Counter[str] = field(default_factory=Counter)

    def call(self, **event: object) -> dict[str, Any]:
        """Invoke backfill directly. Raises LocalStackError with what it raised."""
        answer = self.clients.functions.invoke(
            FunctionName=self.outputs["BackfillFunctionName"], Payload=json.dumps(event).encode()
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise LocalStackError(f"backfill: {found}")
        return found

    def receive(self) -> None:
        for result in receive_results(self.clients.sqs, self.outputs):
            self.arrived[result.subject] += 1

    def latency(self, key: str, body: bytes) -> float:
        """Upload an input and return the seconds until its result.

        Raises:
            LocalStackError: it does not come.
        """
        bucket, begun = self.outputs["DataBucketName"], time.monotonic()
        self.clients.s3.put_object(Bucket=bucket, Key=key, Body=body)
        while not self.arrived[f"s3://{bucket}/{key}"]:
            if time.monotonic() - begun > _SECONDS:
                raise LocalStackError(f"no result of {key} within {_SECONDS:.0f} s")
            time.sleep(_PAUSE_SECONDS)
            self.receive()
        return time.monotonic() - begun


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.backfill.beside", description=__doc__)
    parser.add_argument("--objects", type=int, default=5_000)
    parser.add_argument("--idle", type=int, default=30, help="uploads on the idle stack")
    arguments = parser.parse_args()
    return perform(lambda settings: run(settings, arguments.objects, arguments.idle))


def run(settings: StackSettings, objects: int, idle: int) -> int:
    """Print the latencies. Return 1 if an object has no single result, or uploads are too slow."""
    report = Narrator()
    with stack_beside(settings, "backfill") as own:
        model = train_model(own)
        rows = cycle([row.csv for row in held_out_rows(model)])

        def put_history() -> None:
            clients = Clients(own)  # whose key is made when the stack starts
            clients.s3.create_bucket(Bucket=_BUCKET)
            with ThreadPoolExecutor(_THREADS) as threads:
                bodies = enumerate(islice(rows, objects))
                list(threads.map(lambda each: _put(clients, *each), bodies))

        parameters = {"BackfillBucketArns": f"arn:aws:s3:::{_BUCKET}"}
        outputs = bring_up(own, model, report, parameters=parameters, before_deploy=put_history)
        stack = _Stack(Clients(own), outputs)
        before = [stack.latency(f"inputs/idle/{n}.csv", next(rows)) for n in range(idle)]
        report(f"idle: {_shown(before)}")
        print(stack.call(action="preview", bucket=_BUCKET))
        stack.call(action="start", name=_NAME, bucket=_BUCKET)
        beside = list(_beside(stack, rows, report))
        report(f"beside the backfill: {_shown(beside)}")
        print(stack.call(action="status", name=_NAME))
        return _judged(stack, before, beside, objects)


def _put(clients: Clients, number: int, body: bytes) -> None:
    clients.s3.put_object(Bucket=_BUCKET, Key=f"2019/{number:05}.csv", Body=body)


def _beside(stack: _Stack, rows: Iterator[bytes], report: Narrator) -> Iterator[float]:
    """Yield the latency of one upload after another until the backfill is completed."""
    told = 0.0
    for number in range(1_000_000):
        yield stack.latency(f"inputs/beside/{number}.csv", next(rows))
        if time.monotonic() - told > 15:
            told = time.monotonic()
            status = stack.call(action="status", name=_NAME)
            report(f"{status['state']}, {status['sent']} sent, {status['waiting']} waiting")
            if status["state"] != "running":
                return


def _judged(stack: _Stack, before: Sequence[float], beside: Sequence[float], objects: int) -> int:
    stack.receive()
    history = {
        uri: number for uri, number in stack.arrived.items() if uri.startswith(f"s3://{_BUCKET}/")
    }
    single = len(history) == objects and set(history.values()) == {1}
    ratio = median(beside) / median(before)
    print(
        f"{len(history):,} of {objects:,} objects have a result, {sum(history.values()):,} in all; "
        f"the median latency of an upload is {ratio:.2f} times that of an idle stack"
    )
    return 0 if single and ratio <= _MOST_RATIO else 1


def _shown(seconds: Sequence[float]) -> str:
    last = quantiles(seconds, n=20)[-1]
    return f"{len(seconds)} uploads, median {median(seconds):.2f} s, p95 {last:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
