"""The route document as people write it: one JSON object, read with everything wrong in it at once.

{"routes": [{"name": …, "when": …, "to": …, "group": …, "delay": …}, …],
 "otherwise": {"to": …, "group": …, "delay": …}}
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from relay.errors import PermanentError
from relay.routes.expression_check import BadExpression, Mistake, compiled, nearest
from relay.routes.expressions import Expression
from relay.routes.route import OTHERWISE, RouteRule
from relay.routes.target import Target

# An SSM parameter holds 4 KB in the standard tier, which is free, and 8 KB in the advanced one.
STANDARD_BYTES: Final = 4096
LONGEST_BYTES: Final = 8192
LONGEST_DELAY: Final = 900

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROUTE_MEMBERS: Final = ("name", "when", "to", "group", "delay")
_OTHERWISE_MEMBERS: Final = ("to", "group", "delay")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a document: what is wrong, at which member (`routes[2].when`).

    Where it lies within an expression, `expression` is its text and `position` the character,
    counted from 1.
    """

    path: str
    text: str
    expression: str | None = None
    position: int | None = None

    def __str__(self) -> str:
        where = self.path
        if self.position is not None:
            where = f"{where}, character {self.position}"
        return f"{where}: {self.text}" if where else self.text


class RoutesError(PermanentError):
    """A route document that cannot be used. The message names every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def read_document(text: str) -> tuple[tuple[RouteRule, ...], RouteRule]:
    """The routes and what `otherwise` says. Raises RoutesError with every problem."""
    return _Reading().document(_parsed(text))


class _Members(dict[str, object]):
    """A JSON object that remembers which members it has more than once."""

    def __init__(self, pairs: Iterable[tuple[str, object]]) -> None:
        super().__init__()
        self.repeated: list[str] = []
        for name, value in pairs:
            if name in self:
                self.repeated.append(name)
            self[name] = value


def _parsed(text: str) -> object:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST_BYTES:
        raise RoutesError(
            [Problem("", f"it has {size:,} bytes, and a parameter holds {LONGEST_BYTES:,}")]
        )
    if "{{" in text:
        what = "it contains {{, which parameters do not take; write { {"
        raise RoutesError([Problem(_line_and_column(text, text.index("{{")), what)])
    try:
        return json.loads(text, object_pairs_hook=_Members)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RoutesError([Problem(where, f"it is not JSON: {error.msg}")]) from error
    except (ValueError, RecursionError) as error:
        raise RoutesError([Problem("", f"it is not JSON that can be read: {error}")]) from error


def _line_and_column(text: str, index: int) -> str:
    line_start = text.rfind("\n", 0, index) + 1
    return f"line {text.count(chr(10), 0, index) + 1}, column {index - line_start + 1}"


class _Reading:
    """Reads every member, remembers every problem, complains once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def document(self, value: object) -> tuple[tuple[RouteRule, ...], RouteRule]:
        members = self._object(value, "", ("routes", OTHERWISE))
        routes = [
            route
            for index, entry in enumerate(self._list(members, "routes"))
            if (route := self._route(entry, f"routes[{index}]")) is not None
        ]
        self._check_names(routes)
        otherwise = None
        if OTHERWISE in members:
            otherwise = self._otherwise(members[OTHERWISE])
        elif isinstance(value, dict):
            self._refuse(
                OTHERWISE,
                "it is missing, and says where a result goes that no route matches: "
                '"otherwise": {"to": "<ARN>"}',
            )
        if self._problems or otherwise is None:
            raise RoutesError(self._problems)
        return tuple(routes), otherwise

    def _route(self, value: object, path: str) -> RouteRule | None:
        members = self._object(value, path, _ROUTE_MEMBERS)
        if not isinstance(value, dict):
            return None
        name = self._name(members, path)
        when = self._expression(members, "when", path)
        return self._directed(members, path, name, when)

    def _otherwise(self, value: object) -> RouteRule | None:
        members = self._object(value, OTHERWISE, _OTHERWISE_MEMBERS)
        if not isinstance(value, dict):
            return None
        return self._directed(members, OTHERWISE, OTHERWISE, None)

    def _directed(
        self, members: dict[str, object], path: str, name: str | None, when: Expression | None
    ) -> RouteRule | None:
        target = self._target(members, path)
        group = self._expression(members, "group", path)
        delay = self._delay(members, path)
        if target is None:
            return None
        if "group" in members and not target.kind.ordered:
            self._refuse(
                f"{path}.group",
                f"a {target.kind.value} keeps no order, so that a group means nothing to it; "
                "leave it out or send to a FIFO queue or topic",
            )
        if delay and target.kind.no_delay:
            self._refuse(f"{path}.delay", f"{target.kind.no_delay}; only standard queues delay")
        return None if name is None else RouteRule(name, target, when, group, delay)

    # --- members ---------------------------------------------------------------------------------

    def _name(self, members: dict[str, object], path: str) -> str | None:
        name = self._text(members, "name", path)
        if name == OTHERWISE:
            self._refuse(f"{path}.name", f"{OTHERWISE} is the name of what no route matched")
            return None
        if name is not None and not _NAME.fullmatch(name):
            self._refuse(f"{path}.name", f"{_shown(name)} must be 1 to 64 letters, digits, _ and -")
            return None
        return name

    def _check_names(self, routes: Sequence[RouteRule]) -> None:
        seen: set[str] = set()
        for route in routes:
            if route.name in seen:
                self._refuse("routes", f"two routes have the name {route.name}")
            seen.add(route.name)

    def _target(self, members: dict[str, object], path: str) -> Target | None:
        arn = self._text(members, "to", path)
        if arn is None:
            return None
        try:
            return Target.parse(arn)
        except ValueError as error:
            self._refuse(f"{path}.to", _printable(str(error)))
            return None

    def _expression(self, members: dict[str, object], name: str, path: str) -> Expression | None:
        if name not in members:
            return None
        text = members[name]
        where = f"{path}.{name}"
        if not isinstance(text, str):
            self._refuse(where, f"it must be a text (a JMESPath expression), not {_kind(text)}")
            return None
        try:
            return compiled(text)
        except BadExpression as error:
            for mistake in error.mistakes:
                self._refuse_expression(where, text, mistake)
            return None

    def _delay(self, members: dict[str, object], path: str) -> int:
        value = members.get("delay", 0)
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(f"{path}.delay", f"it must be a whole number, not {_kind(value)}")
            return 0
        if not 0 <= value <= LONGEST_DELAY:
            self._refuse(f"{path}.delay", f"{value} is not between 0 and {LONGEST_DELAY} seconds")
            return 0
        return value

    def _text(self, members: dict[str, object], name: str, path: str) -> str | None:
        if name not in members:
            self._refuse(f"{path}.{name}", "it is missing")
            return None
        value = members[name]
        if isinstance(value, str) and value:
            return value
        self._refuse(f"{path}.{name}", f"it must be a text, not {_kind(value)}")
        return None

    # --- shapes ----------------------------------------------------------------------------------

    def _object(self, value: object, path: str, known: Sequence[str]) -> dict[str, object]:
        if not isinstance(value, _Members):
            self._refuse(path, f"it must be a JSON object, not {_kind(value)}")
            return {}
        for name in value.repeated:
            self._refuse(f"{path}.{_printable(name)}".lstrip("."), "it is there more than once")
        for name in value:
            if name not in known:
                near = nearest(name.lower(), known)
                hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}"
                self._refuse(path, f"unknown member {_shown(name)}; {hint}")
        return value

    def _list(self, members: dict[str, object], name: str) -> list[object]:
        value = members.get(name, [])
        if isinstance(value, list):
            return value
        self._refuse(name, f"it must be a list, not {_kind(value)}")
        return []

    def _refuse(self, path: str, text: str) -> None:
        self._problems.append(Problem(path, text))

    def _refuse_expression(self, path: str, expression: str, mistake: Mistake) -> None:
        text = _printable(mistake.text)
        self._problems.append(Problem(path, text, _printable(expression), mistake.position))


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return "a number"
        case "":
            return "an empty one"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _printable(text: str) -> str:
    """Half characters (lone surrogates) cannot be logged or sent."""
    return text.encode("utf-8", "backslashreplace").decode()


def _shown(name: str) -> str:
    return _printable(repr(name if len(name) <= 80 else f"{name[:77]}…"))
