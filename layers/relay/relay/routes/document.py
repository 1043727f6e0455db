"""The route document: one JSON object, of which one error names every problem.

{"routes": [{"name": …, "when": …, "to": …, "group": …, "delay": …}, …],
 "otherwise": {"to": …, "group": …, "delay": …}}
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from relay.errors import PermanentError
from relay.reading import Problem, Reader, printable
from relay.routes.expression_check import BadExpression, compiled, nearest
from relay.routes.expressions import Expression
from relay.routes.rule import OTHERWISE, RouteRule
from relay.routes.target import Target

# An SSM parameter holds 4 KB in the standard tier, which is free, and 8 KB in the advanced one.
STANDARD_BYTES: Final = 4096
LONGEST_BYTES: Final = 8192
LONGEST_DELAY: Final = 900

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROUTE_MEMBERS: Final = ("name", "when", "to", "group", "delay")
_OTHERWISE_MEMBERS: Final = ("to", "group", "delay")


class RoutesError(PermanentError):
    """A route document that cannot be used. The message names every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def read_document(text: str) -> tuple[tuple[RouteRule, ...], RouteRule]:
    """The routes and what `otherwise` says. Raises RoutesError with every problem."""
    value = _parsed(text)
    reader = _DocumentReader(value)
    _only(reader, "routes", OTHERWISE)
    routes = [rule for each in reader.objects("routes", 0) if (rule := _route(each)) is not None]
    _check_names(reader, routes)
    otherwise = reader.optional_object(OTHERWISE)
    last = None
    if otherwise is not None:
        _only(otherwise, *_OTHERWISE_MEMBERS)
        last = _directed(otherwise, OTHERWISE, None)
    elif isinstance(value, dict) and not reader.has_refused(OTHERWISE):
        reader.refuse(
            OTHERWISE,
            "is missing, and says where a result goes that no route matches: "
            '"otherwise": {"to": "<ARN>"}',
        )
    if reader.problems or last is None:
        raise RoutesError(reader.problems)
    return tuple(routes), last


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


class _DocumentReader(Reader):
    whole = "the document"
    null_is_absent = False

    def __init__(
        self, value: object, path: str = "", problems: dict[Problem, None] | None = None
    ) -> None:
        super().__init__(value, path, problems)
        for name in value.repeated if isinstance(value, _Members) else ():
            self.refuse(printable(name), "is there more than once")


def _only(reader: Reader, *known: str) -> None:
    def hint(name: str) -> str:
        near = nearest(name.lower(), known)
        return f"did you mean {near}?" if near else f"known are {', '.join(known)}"

    reader.only(known, hint)


def _route(reader: Reader) -> RouteRule | None:
    _only(reader, *_ROUTE_MEMBERS)
    name = _name(reader)
    return _directed(reader, name, _expression(reader, "when"))


def _directed(reader: Reader, name: str, when: Expression | None) -> RouteRule | None:
    target = _target(reader)
    group = _expression(reader, "group")
    delay = _delay(reader)
    if target is None:
        return None
    if "group" in reader and not target.kind.ordered:
        reader.refuse(
            "group",
            f"a {target.kind.value} does not keep the order of a group; leave it out, or send to a "
            "FIFO queue or topic",
            ": ",
        )
    if delay and target.kind.no_delay:
        reader.refuse("delay", f"{target.kind.no_delay}; only standard queues delay", ": ")
    return RouteRule(name, target, when, group, delay)


def _name(reader: Reader) -> str:
    name = reader.text("name")
    if name == OTHERWISE:
        reader.refuse("name", f"{OTHERWISE} is reserved for results that match no route", ": ")
    elif name and not _NAME.fullmatch(name):
        shown = repr(name if len(name) <= 80 else f"{name[:77]}…")
        reader.refuse("name", f"{shown} must be 1 to 64 letters, digits, _ and -", ": ")
    return name


def _check_names(reader: Reader, routes: Sequence[RouteRule]) -> None:
    names = [route.name for route in routes if route.name]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            reader.refuse("routes", f"two routes have the name {name}", ": ")


def _target(reader: Reader) -> Target | None:
    arn = reader.text("to")
    try:
        return Target.parse(arn) if arn else None
    except ValueError as error:
        reader.refuse("to", str(error), ": ")
        return None


def _expression(reader: Reader, name: str) -> Expression | None:
    text = reader.optional_text(name, "a string (a JMESPath expression)")
    try:
        return None if text is None else compiled(text)
    except BadExpression as error:
        path = reader.path_of(name)
        for mistake in error.mistakes:
            reader.remember(Problem(path, printable(mistake.text), text, mistake.position))
        return None


def _delay(reader: Reader) -> int:
    value = reader.optional_integer("delay") or 0
    if 0 <= value <= LONGEST_DELAY:
        return value
    reader.refuse("delay", f"{value} is not between 0 and {LONGEST_DELAY} seconds", ": ")
    return 0
