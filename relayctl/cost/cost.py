"""`cost`: what a stack spent, by part and for each thousand requests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from relayctl.commands import Context
from relayctl.cost.metrics import Metric, measure
from relayctl.cost.prices import US_EAST_1, PriceError, Prices, read
from relayctl.cost.usage import NAMESPACE, PARTS, Line, Usage
from relayctl.deployment import Deployment
from relayctl.doctor.account import Account, NotChecked
from relayctl.doctor.expected import Stack
from relayctl.errors import Misused, RelayctlError
from relayctl.output import Output
from relayctl.times import point

NEEDS = (
    *("cloudformation:GetTemplate", "cloudformation:ListStackResources"),
    *("cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "dynamodb:DescribeTable"),
)
ASSUMED = (
    "an instance reports CPUUtilization once a minute, and had the instance type of the stack",
    "each request has an upload and an output, which SageMaker and the consumer read once",
    "S3 and SNS send one message at a time; messages are received, deleted and sent by route in "
    "batches as large as the functions had, others by tens; no message has more than 64 KB",
    "the ledger stored all the time what it stores today",
    "KMS was asked as often as topics in constant use ask it",
)
NOT_INCLUDED = (
    "what existing buckets and existing endpoints cost, further targets of routes, the data and "
    "volumes of instances, VPC endpoints, the storage of logs, the free tier and discounts",
)


def cost(
    context: Context,
    since: Annotated[
        str, typer.Option(help="From then on: an age such as 24h or 7d, or a time.")
    ] = "7d",
    until: Annotated[
        str | None, typer.Option(help="Until then: an age or a time.", show_default=False)
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            help="A file with the prices of another region or date, "
            "as docs/explanation/cost.md shows it.",
            show_default=False,
        ),
    ] = None,
    instance_price: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Dollars for an hour of one instance of the endpoint.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what was spent, by part and for each thousand requests.

    Multiplies what CloudWatch counted for the stack's resources with list prices, and says what is
    assumed and what was not counted. CloudWatch bills GetMetricData: a cent for a thousand metrics;
    a stack has about two hundred.
    """
    now = datetime.now(UTC)
    start = point(since, now, "--since")
    end = point(until, now, "--until") if until else now
    if start >= end:
        raise Misused("--since is not before --until")
    usage = _usage(context.deployment, _prices(prices), start, end)
    if instance_price is not None:
        kinds = {str(each.get("InstanceType")) for each in usage.stack.of("Custom::AsyncEndpoint")}
        given = {**usage.prices.instances, **dict.fromkeys(kinds, instance_price)}
        usage.prices = replace(usage.prices, instances=given)
    _print(context.output, usage, spent(usage))


def _prices(path: Path | None) -> Prices:
    try:
        return read(path) if path else US_EAST_1
    except PriceError as error:
        raise Misused(str(error)) from error


def _usage(deployment: Deployment, prices: Prices, since: datetime, until: datetime) -> Usage:
    """Return what a stack is asked for. A stack that is younger costs from its creation on."""
    account = Account(deployment)
    try:
        stack = Stack(account)
        custom = tuple(_custom_metrics(account, stack))
    except NotChecked as error:
        raise RelayctlError(f"the cost is not known: {error.reason}") from error
    created = deployment.description.get("CreationTime", since)
    return Usage(stack, account, prices, max(since, created), until, custom)


def _custom_metrics(account: Account, stack: Stack) -> Iterator[Metric]:
    """The relay's own metrics that ever had data, to count the hours in which they had."""
    for function in stack.of("AWS::Lambda::Function"):
        service = function.get("Environment", "Variables", "POWERTOOLS_SERVICE_NAME")
        dimension = [{"Name": "service", "Value": str(service)}]
        listed = account.get(
            "cloudwatch", "list_metrics", Namespace=NAMESPACE, Dimensions=dimension
        )
        for each in listed.get("Metrics", []):
            dimensions = tuple((one["Name"], one["Value"]) for one in each["Dimensions"])
            yield Metric(NAMESPACE, each["MetricName"], dimensions, "SampleCount")


def spent(usage: Usage) -> list[Line]:
    """Return a line for each part.

    Raises:
        RelayctlError: the person may not read what was counted.
    """
    try:
        for part in PARTS:
            list(part(usage))
        usage.measured = measure(usage.account, usage.wanted, usage.since, usage.until)
        return [line for part in PARTS for line in part(usage)]
    except NotChecked as error:
        raise RelayctlError(f"the cost is not known: {error.reason}") from error


def _print(output: Output, usage: Usage, lines: Sequence[Line]) -> None:
    known = [each for each in lines if each.dollars is not None]
    total, requests = sum(each.dollars or 0 for each in known), usage.requests
    missing = [f"{each.service}: {each.part}" for each in lines if each.dollars is None]
    output.document(_document(usage, lines, total, requests, missing))
    output.text(
        f"{usage.stack.name} from {usage.since:%Y-%m-%d %H:%M} to {usage.until:%Y-%m-%d %H:%M} "
        f"UTC, in US dollars at the list prices of {usage.prices.region}, {usage.prices.date}",
        "",
    )
    rows = [
        row
        for service in dict.fromkeys(each.service for each in lines)
        for row in _rows(service, [each for each in lines if each.service == service], requests)
    ]
    each_total = _each(total, requests)
    output.table(
        ("part", "quantity", "dollars", "for 1,000 requests"),
        [*rows, (f"total{' of these' if missing else ''}", "", _money(total), each_total)],
    )
    output.text("")
    if requests is None:
        output.text("CloudWatch has no count of requests of this time.")
    else:
        output.text(f"{requests:,.0f} requests, the attempts that SageMaker accepted.")
    if not usage.measured:
        output.text("CloudWatch has no data of this stack for this time: no count is shown.")
    elif missing:
        output.text(f"Not in the total, because nothing was counted: {_grouped(lines)}.")
    output.text(*(f"Assumed: {each}." for each in ASSUMED))
    output.text(*(f"Not included: {each}." for each in NOT_INCLUDED))


def _grouped(lines: Sequence[Line]) -> str:
    """Name the parts without dollars by their services."""
    parts: dict[str, list[str]] = {}
    for each in lines:
        if each.dollars is None:
            parts.setdefault(each.service, []).append(each.part)
    return "; ".join(f"{service} ({', '.join(names)})" for service, names in parts.items())


def _rows(
    service: str, lines: Sequence[Line], requests: float | None
) -> Iterator[tuple[str, str, str, str]]:
    dollars = [each.dollars for each in lines if each.dollars is not None]
    whole = sum(dollars)
    shown = (_money(whole), _each(whole, requests)) if dollars else ("no data", "")
    yield service, "", *shown
    for each in lines:
        if each.dollars is None:
            price = "no price" if each.quantity else "no data"
            yield f"  {each.part}", each.quantity, price, ""
        else:
            yield f"  {each.part}", each.quantity, _money(each.dollars), ""


def _each(dollars: float, requests: float | None) -> str:
    return _money(dollars / requests * 1_000) if requests else ""


def _money(dollars: float) -> str:
    """Return dollars with cents, and less than one of them with more digits."""
    if 0 < dollars < 0.00005:
        return "< 0.0001"
    return f"{dollars:,.4f}" if dollars < 1 else f"{dollars:,.2f}"


def _document(
    usage: Usage,
    lines: Sequence[Line],
    total: float,
    requests: float | None,
    missing: Sequence[str],
) -> Mapping[str, Any]:
    return {
        "stack": usage.stack.name,
        "since": usage.since.isoformat(),
        "until": usage.until.isoformat(),
        "prices": {"region": usage.prices.region, "date": usage.prices.date},
        "requests": requests,
        "dollars": total,
        "dollars_for_1000_requests": total / requests * 1_000 if requests else None,
        "parts": [
            {
                "service": each.service,
                "part": each.part,
                "quantity": each.quantity or None,
                "dollars": each.dollars,
            }
            for each in lines
        ],
        "not_counted": list(missing),
        "assumed": list(ASSUMED),
        "not_included": list(NOT_INCLUDED),
    }
