"""`python -m benchmarks`: measures, prints one table, and writes it as JSON."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import batches, cold, endtoend, machine, money, parts, routes
from benchmarks.figures import Figure, render
from benchmarks.trees import Trees
from local.commands import perform
from local.stack.settings import REPOSITORY, StackSettings
from local.stack.up import Narrator

_RESULTS = REPOSITORY / "benchmarks" / "results"
SECTIONS = ("batches", "parts", "routes", "memory", "cold", "end-to-end")


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of everything that has a spread")
    parser.add_argument(
        "--requests",
        default="100,1000",
        help="how many at a time end to end, separated by commas; 10000 takes twenty minutes",
    )
    parser.add_argument("--only", choices=SECTIONS, action="append", help="leave out the others")
    parser.add_argument("--output", type=Path, help="where to write the JSON")
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.requests.split(",")]
    sections = arguments.only or SECTIONS
    return perform(
        lambda settings: run(settings, arguments.rounds, counts, sections, arguments.output)
    )


def run(
    settings: StackSettings,
    rounds: int,
    counts: Sequence[int],
    sections: Sequence[str],
    output: Path | None,
) -> int:
    """Measure and write. Return 0: a missed target is reported, and no error of the command."""
    narrate = Narrator()
    started = datetime.now(UTC)
    load = machine.load()
    directory = settings.directory / "bench"
    trees = Trees(directory / "trees")
    trees.build()
    narrate("built")
    figures: list[Figure] = []
    costs: list[dict[str, object]] = []

    def measured_batches() -> list[Figure]:
        measured = batches.measure(trees, directory, rounds)
        found, table = money.figures(measured)
        costs.extend(table)
        return [*batches.figures(measured), *found]

    measures: Mapping[str, Callable[[], list[Figure]]] = {
        "batches": measured_batches,
        "parts": lambda: parts.measure(trees, directory, rounds),
        "routes": lambda: routes.measure(trees, directory, rounds),
        "memory": lambda: batches.measure_memory(trees, directory),
        "cold": lambda: cold.measure(trees, rounds),
        "end-to-end": lambda: endtoend.measure(settings, counts),
    }
    try:
        with _usual_leaves_nothing():
            for section in sections:
                figures.extend(measures[section]())
                narrate(f"{section} measured")
    finally:  # what half an hour has measured is printed also when the last section fails
        print(f"\n{render(figures)}\n")
        print(money.render(costs))
        document = {
            "started": started.isoformat(timespec="seconds"),
            "machine": machine.describe(),
            "load": {"before": load, "after": machine.load()},
            "rounds": rounds,
            "figures": [figure.to_json() for figure in figures],
            "dollars_per_million": costs,
        }
        file = output or _RESULTS / f"{started:%Y-%m-%dT%H%M%SZ}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=2) + "\n")
        narrate(f"written to {file}")
    return 0


@contextmanager
def _usual_leaves_nothing() -> Iterator[None]:
    """X-Ray's SDK, which *usual* has, leaves a mark, and no setting prevents it."""
    mark = Path("/tmp/.aws-xray")  # noqa: S108 - its own choice
    others = mark.exists()
    try:
        yield
    finally:
        if not others:
            shutil.rmtree(mark, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
