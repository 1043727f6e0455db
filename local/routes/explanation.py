"""Why a result goes where it goes, in words."""

import json
from collections.abc import Iterator, Mapping

from relay.routes.compiled import Routes
from relay.routes.document import STANDARD_BYTES, RoutesError
from relay.routes.expressions import Expression
from relay.routes.rule import OTHERWISE, RouteRule, Verdict

from local.console.table import shortened, table

_LONGEST_VALUE = 60


def mistakes(error: RoutesError) -> Iterator[str]:
    """One line for each problem, and where it lies in an expression, a pointer to it."""
    for problem in error.problems:
        yield f"  {problem}"
        if problem.expression and problem.position and "\n" not in problem.expression:
            yield f"      {problem.expression}"
            yield f"      {' ' * (problem.position - 1)}^"


def overview(routes: Routes, text: str) -> str:
    """The routes with their targets, and the size of the document."""
    size = len(text.encode())
    tier = "" if size <= STANDARD_BYTES else ", which takes an advanced parameter, and those cost"
    rows = [_row(route) for route in (*routes.routes, routes.otherwise)]
    used = [any(row[column] for row in rows) for column in range(4)]
    header = ("route", "sends to", "group", "delay")
    kept = [[cell for cell, use in zip(row, used, strict=True) if use] for row in (header, *rows)]
    return f"{size:,} bytes{tier}\n\n{table(kept[0], kept[1:])}"


def explained(routes: Routes, result: Mapping[str, object]) -> Iterator[str]:
    """What each route says about a result, and why."""
    by_name = {route.name: route for route in (*routes.routes, routes.otherwise)}
    for verdict in routes.weigh(result):
        route = by_name[verdict.route]
        sign = "+" if verdict.addressed else "-"
        yield f"  {sign} {verdict.route}{_where(route, verdict)}: {_why(route, verdict, result)}"


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
    return f" -> {addressed.target.name}{group}{delay}"


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
