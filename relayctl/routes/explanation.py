"""Why a result goes where it goes, in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from relay.reading import Problem
from relay.routes.compiled import Routes
from relay.routes.document import STANDARD_BYTES
from relay.routes.expressions import Expression
from relay.routes.rule import OTHERWISE, RouteRule, Verdict

from relayctl.output import Output, plain, shortened

_LONGEST_VALUE: Final = 60


def mistakes(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield a line for each problem, and where it lies in an expression, a pointer to it."""
    for problem in problems:
        yield f"  {problem}"
        if problem.expression and problem.position and "\n" not in problem.expression:
            yield f"      {problem.expression}"
            yield f"      {' ' * (problem.position - 1)}^"


def size(text: str) -> str:
    """Return the size of a document, and whether Parameter Store charges for it."""
    number = len(text.encode())
    tier = "" if number <= STANDARD_BYTES else ", which takes an advanced parameter, and those cost"
    return f"{number:,} bytes{tier}"


def print_overview(output: Output, routes: Routes) -> None:
    """Print the routes with their targets."""
    rows = [_row(route) for route in (*routes.routes, routes.otherwise)]
    used = [any(row[column] for row in rows) for column in range(4)]
    header = ("route", "sends to", "group", "delay")
    kept = [[cell for cell, use in zip(row, used, strict=True) if use] for row in (header, *rows)]
    output.table(kept[0], kept[1:])


def print_explanation(output: Output, name: str, reasons: Sequence["Reason"]) -> None:
    """Print what each route says about a result, under its name."""
    output.text("", plain(name), *(plain(f"  {each}") for each in reasons))


@dataclass(frozen=True, slots=True)
class Reason:
    """What a route says about a result. `to` is "" if it does not take it."""

    route: str
    to: str
    why: str

    def __str__(self) -> str:
        target = f" -> {self.to}" if self.to else ""
        return f"{'+' if self.to else '-'} {self.route}{target}: {self.why}"

    def document(self) -> Mapping[str, object]:
        return {"route": self.route, "to": self.to or None, "why": self.why}


def explained(routes: Routes, result: Mapping[str, object]) -> list[Reason]:
    """Return what each route says about a result, and why."""
    by_name = {route.name: route for route in (*routes.routes, routes.otherwise)}
    verdicts = [(by_name[each.route], each) for each in routes.weigh(result)]
    return [
        Reason(route.name, _where(route, verdict), _why(route, verdict, result))
        for route, verdict in verdicts
    ]


def _row(route: RouteRule) -> tuple[str, str, str, str]:
    delay = f"{route.delay_seconds} s" if route.delay_seconds else ""
    target = f"{route.target.name}, a {route.target.kind.value}".replace("a event", "an event")
    return route.name, target, route.group.text if route.group else "", delay


def _where(route: RouteRule, verdict: Verdict) -> str:
    addressed = verdict.addressed
    if addressed is None:
        return ""
    group = f" in group {addressed.group}" if route.group else ""
    delay = f" after {addressed.delay_seconds} s" if addressed.delay_seconds else ""
    return f"{addressed.target.name}{group}{delay}"


def _why(route: RouteRule, verdict: Verdict, result: Mapping[str, object]) -> str:
    problem = verdict.problem
    if route.name == OTHERWISE:
        reason = "no route matched"
    elif route.when is None:
        reason = "it matches every result"
    elif problem and verdict.addressed is None:
        return f"{route.when.text} cannot be evaluated, {problem.removeprefix('when: ')}"
    else:
        reason = f"{route.when.text} is {_value(route.when, result)}"
    return f"{reason}; {problem}" if problem else reason


def _value(expression: Expression, result: Mapping[str, object]) -> str:
    value = expression.evaluate(result).value
    return shortened(json.dumps(value, ensure_ascii=False, default=str), _LONGEST_VALUE)
