"""AWS calls, processor time and memory of submit and route, by the size of their batches."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

from benchmarks.messages import environment, route_event, submit_event
from benchmarks.stub import Stub, running_stub
from benchmarks.trees import KINDS, Tree, Trees
from local.lambda_surroundings import python
from local.settings import REPOSITORY

SIZES = (1, 10, 100, 1_000)
FUNCTIONS = ("submit", "route")

# Of a batch of each size in one round, so that rounds of all sizes take about as long.
_REPETITIONS = MappingProxyType({1: 60, 10: 20, 100: 5, 1_000: 1})
# One record at a time: what `usual` gets.
_SINGLE = 1
_LARGE = 1_000_000


@dataclass(slots=True)
class Measured:
    """Of one kind of a function at one size; processor seconds are for each record."""

    cpu_seconds: list[float] = field(default_factory=list)
    calls: Mapping[str, float] = field(default_factory=dict)
    peak_bytes: int = 0

    @property
    def cpu(self) -> float:
        return median(self.cpu_seconds)

    @property
    def calls_per_record(self) -> float:
        return sum(self.calls.values())


Key = tuple[str, str, int]


def measure(trees: Trees, directory: Path, rounds: int) -> dict[Key, Measured]:
    """By function, kind and size. `usual` has one record an invocation, whatever the size."""
    found: dict[Key, Measured] = {}
    with running_stub() as stub, ExitStack() as exits:
        for function in FUNCTIONS:
            events = _events(function, directory)
            workers = {
                kind: exits.enter_context(_worker(kind, function, trees, stub)) for kind in KINDS
            }
            keys = [
                (kind, size) for size in SIZES for kind in KINDS if kind != "usual" or size == _SINGLE
            ]
            for kind, size in keys:  # warms up, and counts the calls
                found[function, kind, size] = _counted(workers[kind], events[size], size, stub)
            for _ in range(rounds):
                for kind, size in keys:
                    done = workers[kind].run(events[size], _REPETITIONS[size])
                    per_record = median(done.cpu_seconds) / size
                    found[function, kind, size].cpu_seconds.append(per_record)
    return found


def _counted(worker: "_Worker", event: Path, size: int, stub: Stub) -> Measured:
    worker.run(event, 2)  # what only the first batch needs: connections, where outputs go
    stub.take_counts()
    done = worker.run(event, 1)
    counts: Counter[str] = stub.take_counts()
    calls = {name: number / size for name, number in sorted(counts.items())}
    return Measured([], calls, done.peak_bytes)


@dataclass(frozen=True, slots=True)
class _Run:
    cpu_seconds: Sequence[float]
    peak_bytes: int


class _Worker:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.import_seconds: float = self._read()["import_seconds"]

    def run(self, event: Path, repetitions: int) -> _Run:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{event} {repetitions}\n")
        self._process.stdin.flush()
        answer = self._read()
        return _Run(answer["cpu_seconds"], answer["peak_bytes"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with {self._process.wait()}: it said why above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def _worker(kind: str, function: str, trees: Trees, stub: Stub) -> "Iterator[_Worker]":
    tree = trees.tree(kind, function)
    script = REPOSITORY / "benchmarks" / "worker.py"
    with subprocess.Popen(
        [python(), "-S", "-s", "-P", script, tree.module],
        env=variables(tree, function, stub.url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield _Worker(process)
        finally:
            process.terminate()


def variables(tree: Tree, function: str, url: str) -> dict[str, str]:
    """The environment of a function whose AWS is the stub, traced as Lambda does: not this time."""
    return {
        **environment(function),
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
        "_X_AMZN_TRACE_ID": "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
    }


def _events(function: str, directory: Path) -> dict[int, Path]:
    make = {"submit": submit_event, "route": route_event}[function]
    files = {}
    for size in SIZES:
        files[size] = directory / f"{function}-{size}.json"
        files[size].write_text(json.dumps(make(size)))
    return files
