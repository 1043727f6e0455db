"""Designs beside each other, in dollars for a million requests, from what this run counted."""

from collections.abc import Mapping, Sequence

from benchmarks import cost
from benchmarks.batches import BATCH_SIZE, SIZES, Key, Measured
from benchmarks.cost import Design, Step
from benchmarks.figures import Figure, Sample
from local.console.table import table

# What a log line for one request takes, as measured with LogLevel DEBUG, rounded up.
_LINE_BYTES = 400
_TARGET = 4.00


def figures(measured: Mapping[Key, Measured]) -> tuple[list[Figure], list[dict[str, object]]]:
    """The cost by batch size beside floor and usual, and all designs in detail."""
    usual = cost.usual(*_steps(measured, "usual", 1))
    sizes = []
    for size in SIZES:
        relay, floor = _relay(measured, size), cost.floor(*_steps(measured, "bare", size))
        sizes.append(
            Figure(
                f"a million requests, batches of {size:,}",
                " $",
                Sample.exact(relay.total()),
                Sample.exact(floor.total()),
                Sample.exact(usual.total()),
                digits=2,
                at_most=_TARGET if size == BATCH_SIZE else None,
                at_most_of_usual=1.0,
            )
        )
    return [*sizes, *_rates(measured)], [_detail(design) for design in _designs(measured, usual)]


def render(details: Sequence[Mapping[str, object]]) -> str:
    """A line for each design; services that cost nothing anywhere are left out."""
    if not details:
        return ""
    services = [name for name in details[0] if any(each[name] for each in details)]
    rows = [
        [value if isinstance(value, str) else f"{value:.2f}" for value in map(each.get, services)]
        for each in details
    ]
    return table(("dollars for a million", *services[1:]), rows)


def _rates(measured: Mapping[Key, Measured]) -> list[Figure]:
    """How many requests a second one environment of each function carries, on the same terms."""
    kinds = ("relay", "bare", "usual")
    steps = {kind: _steps(measured, kind, 1 if kind == "usual" else BATCH_SIZE) for kind in kinds}
    return [
        Figure(
            f"requests a second, one environment of {function}",
            "",
            relay=Sample.exact(1 / steps["relay"][index].seconds),
            bare=Sample.exact(1 / steps["bare"][index].seconds),
            usual=Sample.exact(1 / steps["usual"][index].seconds),
        )
        for index, function in enumerate(("submit", "route"))
    ]


def _designs(measured: Mapping[Key, Measured], usual: Design) -> list[Design]:
    relay = _relay(measured, BATCH_SIZE)
    bare = _steps(measured, "bare", BATCH_SIZE)
    return [
        *(_relay(measured, size) for size in SIZES),
        cost.with_failures(relay, 0.01),
        cost.with_failures(relay, 0.10),
        cost.with_log_lines(relay, _LINE_BYTES),
        cost.floor(*bare),
        usual,
        cost.polling(bare[0]),
        cost.task_token(*_steps(measured, "usual", 1)),
    ]


def _relay(measured: Mapping[Key, Measured], size: int) -> Design:
    return cost.relay(*_steps(measured, "relay", size))


def _steps(measured: Mapping[Key, Measured], kind: str, size: int) -> tuple[Step, Step]:
    submit, route = (_step(measured[name, kind, size], size) for name in ("submit", "route"))
    return submit, route


def _step(measured: Measured, size: int) -> Step:
    return Step(
        batch=size,
        calls=measured.calls,
        cpu_seconds=measured.cpu_microseconds.middle / 1_000_000,
        log_bytes=measured.log_bytes,
        threads=min(size, cost.INVOCATIONS_AT_A_TIME),
    )


def _detail(design: Design) -> dict[str, object]:
    dollars = {name: round(value, 4) for name, value in design.dollars().items()}
    return {"design": design.name, **dollars, "total": round(design.total(), 4)}
