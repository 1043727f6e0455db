"""The calculation as a text for a terminal, and as the tables of docs/explanation/cost.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace

from benchmarks.calculator.measured import SIZES
from benchmarks.calculator.month import Group, Line, Month, lines, total
from local.console.table import table
from relayctl.cost.prices import MONTH_HOURS, US_EAST_1, Prices, Rate

_EXAMPLES: Mapping[str, Month] = {
    "few requests, one instance": Month(10_000),
    "even load, one instance": Month(1_000_000),
    "nightly backlogs, a GPU for 60 hours": Month(
        1_000_000, "ml.g5.xlarge", 60, batch=100, input_bytes=200_000, scales=True
    ),
    "even load, four instances": Month(20_000_000, instance_hours=4 * MONTH_HOURS, batch=10),
}


def text(month: Month, prices: Prices) -> str:
    """Return the lines with the total of each group, what dominates, and other sizes of batches."""
    found = lines(month, prices)
    rows = [row for group in Group for row in _group_rows(found, group)]
    largest = max(found, key=lambda line: line.dollars)
    whole = total(found)
    return "\n".join(
        (
            f"A month of {month.requests:,} requests, in US dollars at the list prices of "
            f"{prices.region}, {prices.date}, without free tier",
            "",
            table(
                ("", "quantity", "dollars", "share"),
                [*rows, ("total", "", f"{whole:,.2f}", "")],
            ),
            "",
            f"The largest part is {largest.group}, {largest.part}: "
            f"{_share(largest.dollars, whole)}.",
            "The requests cost the relay "
            + ", ".join(
                f"${total(lines(replace(month, batch=size), prices), Group.REQUESTS):,.2f}"
                f" in batches of {size}"
                for size in SIZES
            )
            + ".",
        )
    )


def tables() -> Mapping[str, str]:
    """Return the tables of docs/explanation/cost.md by their names."""
    example = text(_EXAMPLES["even load, one instance"], US_EAST_1)
    return {
        "a calculation": f"```text\n{example}\n```\n",
        "months": _months(),
        "a million requests": _million(),
        "a stack": _stack(),
        "prices": _rates(),
        "prices of instances": _instances(),
    }


def _months() -> str:
    """Return a table of months: the groups and the total of each."""
    head = ("month", "requests", "instances", "batches", *Group, "total")
    rows = []
    for name, month in _EXAMPLES.items():
        found = lines(month)
        instances = f"{month.instance_hours:,} h of {month.instance_type}"
        rows.append(
            (
                name,
                f"{month.requests:,}",
                instances,
                str(month.batch),
                *(f"{total(found, group):,.2f}" for group in Group),
                f"{total(found):,.2f}",
            )
        )
    return _markdown(head, rows)


def _million() -> str:
    """Return the table of a million requests without instances, by the size of batches."""
    by_size = [lines(Month(1_000_000, instance_hours=0, batch=size)) for size in SIZES]
    rows = [
        (line.group, line.part, *(f"{each[index].dollars:.2f}" for each in by_size))
        for index, line in enumerate(by_size[0])
        if line.group in (Group.REQUESTS, Group.DATA, Group.CONSUMER)
    ]
    return _markdown(("group", "part", *(f"batches of {size}" for size in SIZES)), rows)


def _stack() -> str:
    """Return the table of what a stack costs in a month without requests."""
    most = lines(Month(0, instance_hours=0, scales=True, dashboard=True))
    rows = [
        (line.part, line.quantity, f"{line.dollars:.2f}")
        for line in most
        if line.group is Group.STACK
    ]
    return _markdown(("part", "quantity", "dollars"), rows)


def _rates() -> str:
    """Return the list prices with their pages."""
    rates: dict[str, Rate] = {
        each.name: getattr(US_EAST_1.rates, each.name) for each in fields(US_EAST_1.rates)
    }
    rows = [
        (f"`{name}`", _dollars(rate.dollars), rate.billed, f"[{rate.service}]({rate.page})")
        for name, rate in rates.items()
    ]
    return _markdown(("rate", "dollars", "for each", "page"), rows)


def _instances() -> str:
    """Return the prices of instances."""
    rows = [(f"`{name}`", _dollars(price)) for name, price in US_EAST_1.instances.items()]
    return _markdown(("instance type", "dollars for an hour"), rows)


def _group_rows(found: Sequence[Line], group: Group) -> Iterator[tuple[str, str, str, str]]:
    whole, part = total(found), total(found, group)
    yield group, "", f"{part:,.2f}", _share(part, whole)
    for line in found:
        if line.group is group:
            yield f"  {line.part}", line.quantity, f"{line.dollars:,.2f}", ""


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else ""


def _dollars(number: float) -> str:
    digits = f"{number:.10f}".rstrip("0")
    return digits if len(digits.partition(".")[2]) > 2 else f"{number:.2f}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))
