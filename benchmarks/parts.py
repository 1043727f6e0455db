"""What the processor time of submit and route is made of, at the batch size that the template sets.

A clock on each of the few callables that do the work, and route's calls to AWS without any of it.
Where a target is missed, this says why.
"""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

from benchmarks.batches import BATCH_SIZE, FUNCTIONS, event_files, running_worker
from benchmarks.figures import Figure, Sample
from benchmarks.stub import Stub, running_stub
from benchmarks.trees import CALLS_ALONE, Trees

_BATCHES_A_ROUND = 3
_LEDGER = "relay.aws.dynamodb.ledger:DynamoDbLedger"
_ENDPOINT = "relay.aws.sagemaker.endpoint:SageMakerEndpoint"

# Of each function: the callables, and what they do for a batch.
PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "submit": {
            "app:read_submissions": "reading events",
            f"{_LEDGER}.claim": "claiming, four BatchExecuteStatement",
            f"{_ENDPOINT}.invoke": "invoking, 100 InvokeEndpointAsync",
        },
        "route": {
            "app:read_notifications": "reading events",
            f"{_LEDGER}.look_up": "looking up, one BatchGetItem",
            "relay.route.route:decide": "deciding, and writing results",
            "relay.aws.messaging.outbox:AwsOutbox.send": "sending, ten SendMessageBatch",
            f"{_LEDGER}.close": "marking, four BatchExecuteStatement",
        },
    }
)
_REST = "checks, log and metrics"
_CALLS = "all its calls to AWS, by a function that does nothing else"


def measure(trees: Trees, directory: Path, rounds: int) -> list[Figure]:
    """A line for each part, beside all that *bare* takes, in microseconds for each record."""
    figures = []
    with running_stub() as stub:
        for function in FUNCTIONS:
            event = event_files(function, directory)[BATCH_SIZE]
            found = _measured(function, event, trees, rounds * _BATCHES_A_ROUND, stub)
            bare = Sample.of(found.pop("bare"))
            figures += [
                Figure(f"{function}: {part}", " µs", Sample.of(values), bare)
                for part, values in found.items()
            ]
    return figures


def _measured(
    function: str, event: Path, trees: Trees, batches: int, stub: Stub
) -> dict[str, list[float]]:
    """Of each batch, microseconds for a record: by part, and of *bare*."""
    parts = PARTS[function]
    found: defaultdict[str, list[float]] = defaultdict(list)
    kinds = ("relay", "bare", CALLS_ALONE) if function == "route" else ("relay", "bare")
    with ExitStack() as exits:
        workers = {
            kind: exits.enter_context(
                running_worker(kind, function, trees, stub, parts if kind == "relay" else ())
            )
            for kind in kinds
        }
        for worker in workers.values():
            worker.run(event, 2)  # warms up
        for _ in range(batches):
            for kind, worker in workers.items():
                done = worker.run(event, 1)
                (seconds,) = done.cpu_seconds
                if kind == "relay":
                    for name, part in parts.items():
                        found[part].append(_each(done.parts[name]))
                    found[_REST].append(_each(seconds - sum(done.parts.values())))
                else:
                    found["bare" if kind == "bare" else _CALLS].append(_each(seconds))
    return dict(found)


def _each(seconds: float) -> float:
    return seconds / BATCH_SIZE * 1_000_000
