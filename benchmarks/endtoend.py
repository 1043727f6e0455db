"""From upload to result on the local stack, and over the same stack's own floor.

The floor are the same hops (bucket, queue, function, endpoint, topic, queue, function, queue) of
the same stack, with the functions of this directory in place of the relay's: they keep no ledger
and make no result. What is left is what the local stack takes to carry a request.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.figures import Figure, Sample
from benchmarks.trees import handler_file
from local.errors import LocalStackError
from local.load.inputs import Input, Kind
from local.load.results import queue_depths, received
from local.load.rows import held_out_rows
from local.load.trial import wait_until_settled
from local.load.uploads import Uploader, Window
from local.stack.clients import Clients
from local.stack.emulator import read_counters
from local.stack.settings import StackSettings
from local.stack.stack import Stack, stack_beside
from local.stack.up import bring_up, train_model

_WARM_UP = 40
_SILENCE_SECONDS = 60.0
_SETTLE_SECONDS = 60.0
_PAUSE_SECONDS = 0.02

_FUNCTIONS = {"submit": "SubmitFunctionName", "route": "RouteFunctionName"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One result: seconds since its upload began, and of these the endpoint's own."""

    seconds: float
    endpoint_seconds: float

    @property
    def overhead_seconds(self) -> float:
        return max(0.0, self.seconds - self.endpoint_seconds)


@dataclass(frozen=True, slots=True)
class Passage:
    """Many requests on their way at the same time."""

    arrivals: Sequence[Arrival]
    seconds: float

    @property
    def seconds_each(self) -> float:
        return self.seconds / len(self.arrivals)

    def overhead(self, percentile: int) -> float:
        """Latency without the time at the endpoint."""
        cut = quantiles([each.overhead_seconds for each in self.arrivals], n=100)
        return cut[percentile - 1]


def measure(settings: StackSettings, counts: Sequence[int]) -> list[Figure]:
    """Sends so many requests at a time through the relay, and through bare functions."""
    figures = []
    for count in counts:
        relay, floor = (_passage(settings, kind, count) for kind in ("relay", "bare"))
        figures += _figures(count, relay, floor)
    return figures


def _passage(settings: StackSettings, kind: str, count: int) -> Passage:
    """Through a new stack: MiniStack keeps everything in memory and slows down as it fills.

    Raises LocalStackError when a result does not come.
    """
    with stack_beside(settings, "bench") as own:
        model = train_model(own)
        track = _Track(own, bring_up(own, model, lambda text: None), model)
        if kind == "bare":
            track.put_bare_functions()
        track.run("warm", _WARM_UP)
        return track.run("measured", count)


def _figures(count: int, relay: Passage, floor: Passage) -> list[Figure]:
    """With the same number of requests and the same window: `bare` is the floor."""
    requests = f"{count:,} requests end to end"
    latencies = [
        Figure(
            f"{requests}, latency without the endpoint's, p{percentile}",
            " ms",
            Sample.exact(relay.overhead(percentile) * 1_000),
            Sample.exact(floor.overhead(percentile) * 1_000),
        )
        for percentile in (50, 99)
    ]
    time_each = Figure(
        f"{requests}, time for each",
        " ms",
        Sample.exact(relay.seconds_each * 1_000),
        Sample.exact(floor.seconds_each * 1_000),
        digits=1,
        at_most_of_bare=1.5,
    )
    return [time_each, *latencies]


class _Track:
    """A deployed stack on which passages are timed, one after the other."""

    def __init__(self, settings: StackSettings, outputs: Mapping[str, str], model: Path) -> None:
        self._settings = settings
        self._outputs = outputs
        self._clients = Clients(settings)
        self._stack = Stack(settings)
        self._rows = held_out_rows(model)

    def run(self, name: str, count: int) -> Passage:
        """Raises LocalStackError when a result does not come."""
        bucket = self._outputs["DataBucketName"]
        uploads = {
            f"s3://{bucket}/{key}": Input(Kind.ROW, key, row.csv, "completed")
            for n, row in enumerate(islice(cycle(self._rows), count))
            for key in [f"inputs/{name}/{n:05}.csv"]
        }
        window = _TimedWindow()
        with Uploader(self._clients.s3, bucket, uploads, window) as uploader:
            passage = self._exchange(uploader, window, count)
        # What the functions still do for this passage must not fall into the next one.
        wait_until_settled(self._pending, _SETTLE_SECONDS, lambda found: None)
        return passage

    def put_bare_functions(self) -> None:
        """The functions' code, not their queues, roles and layer, is replaced."""
        for name, output in _FUNCTIONS.items():
            function = self._outputs[output]
            deployed = self._clients.functions.get_function_configuration(FunctionName=function)
            queue = {"BENCHMARK_QUEUE_URL": self._outputs["CompletedQueueUrl"]}
            self._clients.functions.update_function_code(
                FunctionName=function, ZipFile=_zipped(name)
            )
            self._clients.functions.update_function_configuration(
                FunctionName=function,
                Environment={"Variables": {**deployed["Environment"]["Variables"], **queue}},
            )

    def _pending(self) -> list[str]:
        depths = queue_depths(self._clients)
        counters = read_counters(self._settings)
        waiting = depths["SubmitQueue"] + depths["NotificationQueue"]
        return ["requests"] if waiting + counters["backlog"] + counters["in_flight"] else []

    def _exchange(self, uploader: Uploader, window: "_TimedWindow", count: int) -> Passage:
        arrivals: dict[str, Arrival] = {}
        begun = last = time.monotonic()
        while len(arrivals) < count:
            uploader.fill()
            before = last
            for body in received(self._clients.sqs, self._outputs["CompletedQueueUrl"]):
                last = time.monotonic()
                uri, endpoint_seconds = _read(json.loads(body))
                arrivals.setdefault(uri, Arrival(last - window.started[uri], endpoint_seconds))
                uploader.arrived(uri)
            if last == before:
                self._stack.check()
                if time.monotonic() - last > _SILENCE_SECONDS:
                    raise LocalStackError(
                        f"{count - len(arrivals)} of {count} results did not come; the functions' "
                        f"logs are in {self._settings.logs}"
                    )
                time.sleep(_PAUSE_SECONDS)
        return Passage(tuple(arrivals.values()), last - begun)


class _TimedWindow(Window):
    """Remembers when each upload started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: dict[str, float] = {}

    def start(self, uri: str) -> None:
        self.started[uri] = time.monotonic()
        super().start(uri)


def _read(message: Mapping[str, Any]) -> tuple[str, float]:
    """The input, and how long the endpoint had it: of a result, or of a bare notification."""
    if "specversion" in message:
        timing = message["data"]["timing"]
        return message["subject"], _between(timing["received"], timing["finished"])
    location = message["requestParameters"]["inputLocation"]
    return location, _between(message["receivedTime"], message["eventTime"])


def _between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _zipped(name: str) -> bytes:
    code = handler_file("bare", name)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.write(code, "app.py")
    return memory.getvalue()
