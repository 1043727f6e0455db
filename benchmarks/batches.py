"""AWS calls, processor time and memory of submit and route, by the size of their batches."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

from benchmarks.figures import Figure, Sample
from benchmarks.messages import environment, large_event, route_event, submit_event
from benchmarks.stub import Stub, running_stub
from benchmarks.trees import KINDS, Tree, Trees
from local.functions.lambda_environment import python
from local.stack.settings import REPOSITORY

SIZES = (1, 10, 100, 1_000)
FUNCTIONS = ("submit", "route")

# Of a batch of each size in one round, so that rounds of all sizes take about as long.
_REPETITIONS = MappingProxyType({1: 20, 10: 8, 100: 3, 1_000: 1})
# One record at a time: what `usual` gets.
_SINGLE = 1


# The size that the template sets, for which there are targets: calls, and shares of their time.
BATCH_SIZE = 100
_TARGETS = (
    ("submit", "submitted request", 1.05, 1.25, 1 / 3),
    ("route", "routed result", 0.16, 1.6, 1 / 5),
)
# An event that is as large as Lambda takes, of messages as large as SQS takes.
_LARGE = 0
_LARGE_MESSAGES = 5
_MEBIBYTE = 1024 * 1024


@dataclass(slots=True)
class Measured:
    """Of one kind of a function at one size; processor seconds are for each record."""

    cpu_seconds: list[float] = field(default_factory=list)
    calls: Mapping[str, float] = field(default_factory=dict)
    log_bytes: float = 0.0

    @property
    def cpu_microseconds(self) -> Sample:
        return Sample.of([seconds * 1_000_000 for seconds in self.cpu_seconds])

    @property
    def calls_per_record(self) -> float:
        return sum(self.calls.values())


Key = tuple[str, str, int]


def measure(trees: Trees, directory: Path, rounds: int) -> dict[Key, Measured]:
    """By function, kind and size. `usual` has one record an invocation, whatever the size."""
    found: dict[Key, Measured] = {}
    with running_stub() as stub, ExitStack() as exits:
        for function in FUNCTIONS:
            events = event_files(function, directory)
            workers = {
                kind: exits.enter_context(running_worker(kind, function, trees, stub))
                for kind in KINDS
            }
            keys = [
                (kind, size)
                for size in SIZES
                for kind in KINDS
                if kind != "usual" or size == _SINGLE
            ]
            for kind, size in keys:  # warms up, and counts the calls
                found[function, kind, size] = _counted(workers[kind], events[size], size, stub)
            for _ in range(rounds):
                for kind, size in keys:
                    done = workers[kind].run(events[size], _REPETITIONS[size])
                    per_record = median(done.cpu_seconds) / size
                    found[function, kind, size].cpu_seconds.append(per_record)
    return found


def measure_memory(trees: Trees, directory: Path) -> list[Figure]:
    """The most that a function's process ever held, with nothing else done before."""
    figures = []
    for function in FUNCTIONS:
        events = event_files(function, directory)
        for what, event, kinds in (
            ("1,000 records", events[1_000], ("relay", "bare")),
            ("messages of 1 MB", events[_LARGE], ("relay",)),
        ):
            peaks = {}
            for kind in kinds:
                with running_stub() as stub, running_worker(kind, function, trees, stub) as worker:
                    peaks[kind] = Sample.exact(worker.run(event, 3).peak_bytes / _MEBIBYTE)
            name = f"memory, {function}, {what}"
            figures.append(Figure(name, " MiB", peaks["relay"], peaks.get("bare"), at_most=128))
    return figures


def figures(measured: Mapping[Key, Measured]) -> list[Figure]:
    """Calls and processor time, with the targets at the size that the template sets."""
    found = []
    for function, done, calls, bare, usual in _TARGETS:
        single = measured[function, "usual", _SINGLE]
        for size in SIZES:
            relay = measured[function, "relay", size]
            least = measured[function, "bare", size]
            aim = size == BATCH_SIZE
            found += [
                Figure(
                    f"AWS calls for a {done}, batches of {size:,}",
                    "",
                    Sample.exact(relay.calls_per_record),
                    Sample.exact(least.calls_per_record),
                    Sample.exact(single.calls_per_record),
                    digits=2,
                    at_most=calls if aim else None,
                ),
                Figure(
                    f"processor time for a {done}, batches of {size:,}",
                    " µs",
                    relay.cpu_microseconds,
                    least.cpu_microseconds,
                    single.cpu_microseconds,
                    at_most_of_bare=bare if aim else None,
                    at_most_of_usual=usual if aim else None,
                ),
            ]
    return found


def _counted(worker: "Worker", event: Path, size: int, stub: Stub) -> Measured:
    worker.run(event, 2)  # what only the first batch needs: connections, where outputs go
    stub.take_counts()
    done = worker.run(event, 1)
    counts: Counter[str] = stub.take_counts()
    calls = {name: number / size for name, number in sorted(counts.items())}
    return Measured([], calls, done.log_bytes / size)


@dataclass(frozen=True, slots=True)
class _Run:
    cpu_seconds: Sequence[float]
    parts: Mapping[str, float]
    peak_bytes: int
    log_bytes: float


class Worker:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.import_seconds: float = self._read()["import_seconds"]

    def run(self, event: Path, repetitions: int) -> _Run:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{event} {repetitions}\n")
        self._process.stdin.flush()
        answer = self._read()
        return _Run(**answer)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with {self._process.wait()}: it said why above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running_worker(
    kind: str, function: str, trees: Trees, stub: Stub, clocked: Iterable[str] = ()
) -> Iterator["Worker"]:
    """`clocked` are the callables whose share of the processor time is given beside the whole."""
    tree = trees.tree(kind, function)
    script = REPOSITORY / "benchmarks" / "worker.py"
    with subprocess.Popen(
        [python(), "-S", "-s", "-P", script, tree.module, *clocked],
        env=variables(tree, function, stub.url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.terminate()


def variables(tree: Tree, function: str, url: str) -> dict[str, str]:
    """The environment of a function whose AWS is the stub, in an invocation that is not traced."""
    return {
        **environment(function),
        "BENCHMARK_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/results.fifo",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "dummy",
        "AWS_SESSION_TOKEN": "x" * 800,  # a role's credentials have one
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "LAMBDA_TASK_ROOT": str(tree.code),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": tree.path,
        "_X_AMZN_TRACE_ID": f"Root=1-{0:08}-{0:024};Parent={0:016};Sampled=0",
    }


def event_files(function: str, directory: Path) -> dict[int, Path]:
    """An event for each size of a batch, as files that a worker reads."""
    make = {"submit": submit_event, "route": route_event}[function]
    files = {}
    for size in SIZES:
        files[size] = directory / f"{function}-{size}.json"
        files[size].write_text(json.dumps(make(size)))
    files[_LARGE] = directory / f"{function}-large.json"
    files[_LARGE].write_text(json.dumps(large_event(function, _LARGE_MESSAGES)))
    return files
