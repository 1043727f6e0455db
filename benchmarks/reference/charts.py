"""Charts of the reference run, for docs/explanation/performance.md and cost.md."""

from collections.abc import Mapping, Sequence

from benchmarks.reference.run import dollars, figures
from local.pictures.chart import Bar, Group, chart

_SERVICES = ("SQS", "SNS", "DynamoDB", "Lambda", "logs", "S3", "X-Ray")
# The designs of the run that a chart of this scale can show, with their names there.
_DESIGNS = {
    "relay, batches of 1": "relay, batches of 1",
    "relay, batches of 10": "relay, batches of 10",
    "relay, batches of 100": "relay, batches of 100",
    "floor: bare, no ledger": "floor: bare, no ledger",
    "polling the bucket, 6 looks": "polling the bucket",
    "usual": "usual",
}
_SIZES = ("100", "1,000", "10,000")


def charts() -> Mapping[str, str]:
    """Return the charts by the names of their files."""
    return {
        "cost-by-batch-size.svg": _cost(),
        "latency.svg": _latency(),
        "cold-start.svg": _cold_start(),
    }


def _cost() -> str:
    bars = []
    for name, shown in _DESIGNS.items():
        row = dollars()[name]
        parts = [(place, row[service]) for place, service in enumerate(_SERVICES)]
        bars.append(Bar(shown, tuple(each for each in parts if each[1]), f"${row['total']:.2f}"))
    return chart(
        "Dollars for a million requests, by design and size of batches",
        _described([Group("", tuple(bars))]),
        "US dollars for a million requests",
        _SERVICES,
        [Group("", tuple(bars))],
    )


def _latency() -> str:
    groups = [
        Group(
            f"{size} requests",
            tuple(
                _measured(f"{name}, {rank}", place, _end_to_end(size, rank), name, " ms")
                for rank in ("p50", "p99")
                for place, name in enumerate(("relay", "bare"))
            ),
        )
        for size in _SIZES
    ]
    return chart(
        "Latency from end to end, without the endpoint's",
        _described(groups),
        "milliseconds, on one machine",
        ("relay", "bare"),
        groups,
    )


def _end_to_end(size: str, rank: str) -> str:
    return f"{size} requests end to end, latency without the endpoint's, {rank}"


def _cold_start() -> str:
    groups = [
        Group(
            function,
            (
                _measured("relay", 0, f"cold start, {function}", "relay", " ms"),
                _measured("bare", 1, f"cold start, {function}", "bare", " ms"),
                _measured(
                    "usual, with byte code",
                    2,
                    f"cold start, {function}, usual with byte code",
                    "usual",
                    " ms",
                ),
                _measured("usual, as built", 2, f"cold start, {function}", "usual", " ms"),
            ),
        )
        for function in ("submit", "route")
    ]
    groups.append(
        Group(
            "other functions",
            tuple(
                _measured(f"relay, {name}", 0, f"cold start, {name}", "relay", " ms")
                for name in ("reconcile", "provision")
            ),
        )
    )
    return chart(
        "Cold start of each function",
        _described(groups),
        "milliseconds; the line across the end of a bar has the quartiles",
        ("relay", "bare", "usual"),
        groups,
    )


def _measured(name: str, series: int, figure: str, program: str, unit: str) -> Bar:
    """Return the bar of a program's median, with its quartiles where they differ from it."""
    sample = figures()[figure][program]
    middle, spread = sample["median"], (sample["low"], sample["high"])
    return Bar(
        name,
        ((series, middle),),
        f"{middle:,.0f}{unit}",
        spread if spread[0] != spread[1] else None,
    )


def _described(groups: Sequence[Group]) -> str:
    """Return what the bars show, for screen readers."""
    return "; ".join(
        f"{group.heading}{', ' if group.heading else ''}{bar.name}: {bar.shown}"
        for group in groups
        for bar in group.bars
    )
