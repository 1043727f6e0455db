"""Routing over several routes: AWS calls and processor time for a batch as the template sets it."""

import json
from pathlib import Path
from statistics import median

from benchmarks.batches import BATCH_SIZE, running_worker
from benchmarks.figures import Figure, Sample
from benchmarks.messages import route_event
from benchmarks.stub import running_stub
from benchmarks.trees import Trees

_ROUTES = 5
_REPETITIONS = 3
# One look-up, ten sends, four marks, and what is left for queues that are filled unevenly.
_MOST_CALLS = 20
_MOST_MICROSECONDS = 1_000

_QUEUE = "arn:aws:sqs:eu-central-1:123456789012:team"


def document(routes: int = _ROUTES) -> str:
    """Routes to a queue each, that share the benchmark's results evenly between them."""
    return json.dumps(
        {
            "routes": [
                {
                    "name": f"team-{number}",
                    "when": _ends_with(number, routes),
                    "to": f"{_QUEUE}-{number}.fifo",
                    "group": "data.input.location",
                }
                for number in range(routes)
            ],
            "otherwise": {"to": f"{_QUEUE}-nomatch"},
        }
    )


def _ends_with(number: int, routes: int) -> str:
    """The last digits of orders that are this route's."""
    return " || ".join(
        f"ends_with(data.input.location, '{digit}.csv')" for digit in range(number, 10, routes)
    )


def measure(trees: Trees, directory: Path, rounds: int) -> list[Figure]:
    """What the relay needs for a batch over five routes."""
    event = directory / "route-over-routes.json"
    event.write_text(json.dumps(route_event(BATCH_SIZE)))
    with (
        running_stub(document()) as stub,
        running_worker("relay", "route", trees, stub) as worker,
    ):
        worker.run(event, 2)  # warms up
        stub.take_counts()
        worker.run(event, 1)
        calls = stub.take_counts().total()
        seconds = [
            median(worker.run(event, _REPETITIONS).cpu_seconds) / BATCH_SIZE for _ in range(rounds)
        ]
    what = f"a batch of {BATCH_SIZE} over {_ROUTES} routes"
    microseconds = [each * 1_000_000 for each in seconds]
    return [
        Figure(f"AWS calls for {what}", "", Sample.exact(calls), at_most=_MOST_CALLS),
        Figure(
            f"processor time for a result, {what}",
            " µs",
            Sample.of(microseconds),
            at_most=_MOST_MICROSECONDS,
        ),
    ]
