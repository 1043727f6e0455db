"""The tables of docs/explanation/performance.md, from the reference run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.reference.run import dollars, figures

_SERVICES = ("SQS", "SNS", "DynamoDB", "Lambda", "logs", "X-Ray", "Step Functions", "S3", "total")
_PROGRAMS = ("relay", "bare", "usual")
_RATIOS = ("of_bare", "of_usual")


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure of the run, as the page names it. `target` is what it is held to, in words."""

    name: str
    figure: str
    target: str = ""
    digits: int = 0


_FIGURES = (
    _Row(
        "AWS calls for a submitted request, batches of 100",
        "AWS calls for a submitted request, batches of 100",
        "at most 1.05",
        2,
    ),
    _Row(
        "AWS calls for a routed result, batches of 100",
        "AWS calls for a routed result, batches of 100",
        "at most 0.16",
        2,
    ),
    _Row(
        "processor time for a submitted request",
        "processor time for a submitted request, batches of 100",
        "1.25 bare, 0.33 usual",
    ),
    _Row(
        "processor time for a routed result",
        "processor time for a routed result, batches of 100",
        "1.6 bare **missed**, 0.2 usual",
    ),
    _Row("cold start of submit", "cold start, submit", "1.2 bare, 0.5 usual"),
    _Row("cold start of route", "cold start, route", "1.2 bare, 0.5 usual"),
    _Row("cold start of reconcile", "cold start, reconcile"),
    _Row("cold start of provision", "cold start, provision"),
    _Row("memory of submit, 1,000 records", "memory, submit, 1,000 records", "128 MiB"),
    _Row("memory of submit, five messages of 1 MB", "memory, submit, messages of 1 MB", "128 MiB"),
    _Row("memory of route, 1,000 records", "memory, route, 1,000 records", "128 MiB"),
    _Row("memory of route, five messages of 1 MB", "memory, route, messages of 1 MB", "128 MiB"),
    _Row("dollars for a million, batches of 1", "a million requests, batches of 1", "1 usual", 2),
    _Row("dollars for a million, batches of 100", "a million requests, batches of 100", "4.00", 2),
    *(
        row
        for size in ("100", "1,000", "10,000")
        for row in (
            _Row(
                f"{size} requests end to end, time for each",
                f"{size} requests end to end, time for each",
                "1.5 bare",
                1,
            ),
            _Row(
                "… latency without the endpoint's, p50",
                f"{size} requests end to end, latency without the endpoint's, p50",
            ),
            _Row("… p99", f"{size} requests end to end, latency without the endpoint's, p99"),
        )
    ),
)
_BARE_READS = "yes, without checks"
# The parts of a routed result: the page's name, the figure's, and whether bare has the part.
_PARTS = (
    ("reading the envelopes of SQS, SNS and SageMaker", "route: reading events", _BARE_READS),
    ("look-up: one `BatchGetItem`", "route: looking up, one BatchGetItem", "no"),
    (
        "evaluating the routes, and writing the result document",
        "route: deciding, and writing results",
        "no",
    ),
    (
        "sending: ten `SendMessageBatch`, with four attributes for each message",
        "route: sending, ten SendMessageBatch",
        "yes, without attributes",
    ),
    ("marking: four `BatchExecuteStatement`", "route: marking, four BatchExecuteStatement", "no"),
    ("checking notifications, log and metrics", "route: checks, log and metrics", "no"),
    (
        "*the fifteen calls, in a function that does nothing else*",
        "route: all its calls to AWS, by a function that does nothing else",
        "ten of them",
    ),
)


def tables() -> Mapping[str, str]:
    """Return the tables by their names."""
    return {
        "figures": _table(
            ("figure", *_PROGRAMS, "of bare", "of usual", "target"), map(_figure, _FIGURES)
        ),
        "parts of a routed result": _table(
            ("part", "time", "ratio to all of *bare*", "part of *bare*"),
            (
                (
                    name,
                    _shown(figures()[of]["relay"], "µs", 0),
                    _ratio(figures()[of], "of_bare"),
                    bare,
                )
                for name, of, bare in _PARTS
            ),
        ),
        "dollars of a million requests": _table(
            ("design", *_SERVICES),
            (
                (design, *(f"{row[service]:.2f}" for service in _SERVICES))
                for design, row in dollars().items()
            ),
        ),
    }


def _figure(row: _Row) -> tuple[str, ...]:
    """Return the cells of a figure. Raises ValueError if its target is not missed as it says."""
    found = figures()[row.figure]
    if bool(found["missed"]) != ("**missed**" in row.target):
        raise ValueError(f"the target of '{row.name}' is missed, or is not, and its row differs")
    unit = found["unit"].removeprefix("$")
    return (
        row.name,
        *(_shown(found[program], unit, row.digits) for program in _PROGRAMS),
        *(_ratio(found, ratio) for ratio in _RATIOS),
        row.target,
    )


def _shown(sample: Mapping[str, float] | None, unit: str, digits: int) -> str:
    return "" if sample is None else f"{sample['median']:,.{digits}f} {unit}".rstrip()


def _ratio(found: Mapping[str, Any], ratio: str) -> str:
    return "" if found[ratio] is None else f"{found[ratio]:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
