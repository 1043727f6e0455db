"""Checks of an expression before it is evaluated on a result.

JMESPath reports an unknown function only when it is called, and an unknown member at no time:
`data.outcom == 'failed'` is valid and matches nothing, and so does `data.outcome == "failed"`,
which compares with a *member* called failed. This module reports such mistakes.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import loads
from math import prod
from typing import Any, Final

import jmespath
from jmespath.exceptions import (
    EmptyExpressionError,
    IncompleteExpressionError,
    LexerError,
    ParseError,
)
from jmespath.functions import Functions
from jmespath.lexer import Lexer

from relay.routes.expressions import Expression
from relay.routes.result_shape import RESULT, Shape

# How many times as large as the result the value of an expression may be, by its form alone. No
# usual expression comes near it. Steps are counted in each evaluation too.
MOST_GROWTH: Final = 1_000
# Functions whose value is as large as their arguments together.
_GROWING: Final = frozenset({"join", "merge", "not_null", "reverse", "sort", "sort_by"}) | {
    "to_array",
    "to_string",
    "values",
}

_LITERAL = re.compile(r"`((?:[^`\\]|\\.)*)`", re.S)

_Node = Mapping[str, Any]
_Token = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `position` counts characters from 1; None for the whole expression."""

    text: str
    position: int | None = None


class BadExpression(Exception):
    """An expression that cannot be compiled, or that has a mistake."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(mistake.text for mistake in mistakes))
        self.mistakes = mistakes


def compiled(text: str) -> Expression:
    """Compile and check an expression.

    Raises:
        BadExpression: lists every mistake.
    """
    try:
        expression = Expression(text, _parsed(text))
        mistakes = tuple(_mistakes(expression))
    except RecursionError as error:
        raise BadExpression(Mistake("expression is nested too deeply")) from error
    if mistakes:
        raise BadExpression(*mistakes)
    return expression


def _parsed(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            # `completed` in backticks: JMESPath reads it as a string, which is deprecated.
            warnings.simplefilter("error", PendingDeprecationWarning)
            return jmespath.compile(text)
    except EmptyExpressionError as error:
        raise BadExpression(Mistake("expression is empty; omit it instead")) from error
    except IncompleteExpressionError as error:
        raise BadExpression(Mistake("expression ends too early", len(text) + 1)) from error
    except LexerError as error:
        raise BadExpression(_unreadable(error)) from error
    except ParseError as error:
        shown = f" at {error.token_value!r}" if error.token_value else ""
        mistake = Mistake(f"{error.msg}{shown}", error.lex_position + 1)
        raise BadExpression(mistake) from error
    except PendingDeprecationWarning as error:
        raise BadExpression(_old_literal(text)) from error
    except RecursionError:
        raise
    except Exception as error:  # jmespath's parser raises other errors for some texts, as for "["
        raise BadExpression(Mistake("expression cannot be parsed")) from error


def _unreadable(error: Any) -> Mistake:
    hint = "; == compares" if error.lexer_value == "=" else ""
    return Mistake(f"{error.message}{hint}", error.lexer_position + 1)


def _old_literal(text: str) -> Mistake:
    for literal in _LITERAL.finditer(text):
        try:
            loads(literal[1].replace("\\`", "`"))
        except ValueError:
            what = f"{literal[0]} is not JSON; write a string as '{literal[1]}'"
            return Mistake(what, literal.start() + 1)
    return Mistake("a literal in backticks is not JSON")


def _mistakes(expression: Expression) -> Iterator[Mistake]:
    tree = expression.parsed.parsed
    _growth(tree)
    if tree["type"] == "expref":
        yield Mistake("& passes an expression to a function, and is not a value by itself", 1)
    walk = _Walk()
    walk.visit(tree, _Place("", RESULT))
    called, named = _names(expression.text)
    for function, token in zip(walk.calls, _aligned(called, walk.calls), strict=True):
        yield from _wrong_call(function, _position(token))
    nodes = [node for node, _ in walk.fields]
    for (field, place), token in zip(walk.fields, _aligned(named, nodes), strict=True):
        if place.members is not None and field["value"] not in place.members:
            yield _unknown_member(str(field["value"]), place, token)


def _growth(node: _Node) -> int:
    """Return how many times as large as its input the value of a node can be.

    Raises:
        BadExpression: the value of this node or one below it can be too large.
    """
    children = [_growth(child) for child in node.get("children", ()) if isinstance(child, Mapping)]
    match node["type"]:
        case "multi_select_list" | "multi_select_dict":
            growth = sum(children)
        case "filter_projection":
            growth = prod(children[:2])
        case "subexpression" | "pipe" | "index_expression" | "projection" | "value_projection":
            growth = prod(children)
        case "function_expression" if node["value"] == "map":
            growth = prod(children)
        case "function_expression":
            growth = sum(children) if node["value"] in _GROWING else 1
        case "comparator" | "not_expression":
            growth = 1
        case _:
            growth = max(children, default=1)
    if growth > MOST_GROWTH:
        what = f"expression multiplies a value more than {MOST_GROWTH:,} times"
        raise BadExpression(Mistake(what))
    return growth


@dataclass(frozen=True, slots=True)
class _Place:
    """The member of the result that a part of an expression reads.

    `members` are its members; None where any can exist.
    """

    path: str = ""
    members: Shape = None

    def member(self, name: str) -> "_Place":
        inner = None if self.members is None else self.members.get(name)
        return _Place(f"{self.path}.{name}".lstrip("."), inner)


class _Walk:
    """The function calls and the member names of an expression, in the order of its text."""

    def __init__(self) -> None:
        self.calls: list[_Node] = []
        self.fields: list[tuple[_Node, _Place]] = []

    def visit(self, node: _Node, place: _Place) -> _Place:
        """Return the place of the node's value; the place without a path if it is unknown."""
        children = [child for child in node.get("children", ()) if isinstance(child, Mapping)]
        match node["type"]:
            case "field":
                self.fields.append((node, place))
                return place.member(str(node["value"]))
            case "current" | "identity":
                return place
            case "subexpression" | "pipe" | "index_expression":
                for child in children:  # each reads the value of the one before it
                    place = self.visit(child, place)
                return place
            case "projection" | "value_projection":
                base, projected = children
                self.visit(base, place)
                self.visit(projected, _Place())
            case "filter_projection":
                base, projected, condition = children
                self.visit(base, place)
                self.visit(condition, _Place())
                self.visit(projected, _Place())
            case "expref":
                self.visit(children[0], _Place())
            case "not_expression":
                return _Place(f"!{self.visit(children[0], place).path}", {})
            case kind:
                if kind == "function_expression":
                    self.calls.append(node)
                for child in children:
                    self.visit(child, place)
        return _Place()


def _names(text: str) -> tuple[list[_Token], list[_Token]]:
    """Return the tokens that call functions, and those that name members."""
    tokens = list(Lexer().tokenize(text))
    called, named = [], []
    for token, following in zip(tokens, tokens[1:], strict=False):
        if token["type"] not in ("unquoted_identifier", "quoted_identifier"):
            continue
        if following["type"] == "lparen":
            called.append(token)
        elif following["type"] != "colon":  # a key of {key: value}
            named.append(token)
    return called, named


def _aligned(tokens: Sequence[_Token], nodes: Sequence[_Node]) -> Sequence[_Token] | Sequence[None]:
    """Return the token of each node; None for each if tokens and nodes differ."""
    if [token["value"] for token in tokens] != [node["value"] for node in nodes]:
        return [None] * len(nodes)
    return tokens


def _position(token: _Token | None) -> int | None:
    return None if token is None else int(token["start"]) + 1


def _wrong_call(function: _Node, position: int | None) -> Iterator[Mistake]:
    name = function["value"]
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        near = nearest(name, sorted(Functions.FUNCTION_TABLE))
        hint = f"; did you mean {near}()?" if near else ""
        yield Mistake(f"there is no function {name}(){hint}", position)
        return
    expected, actual = len(known["signature"]), len(function["children"])
    variadic = bool(known["signature"] and known["signature"][-1].get("variadic"))
    if actual < expected or (actual > expected and not variadic):
        at_least = "at least " if variadic else ""
        yield Mistake(
            f"{name}() takes {at_least}{expected} argument{'s' if expected != 1 else ''}, "
            f"not {actual}",
            position,
        )


def _unknown_member(name: str, place: _Place, token: _Token | None) -> Mistake:
    known = place.members or {}
    path = place.member(name).path
    if place.path.startswith("!"):  # !a.b is (!a).b
        what = f"! applies to {place.path[1:]} alone, and its value has no members"
        return Mistake(f"{what}; write !({path[1:]})", _position(token))
    if token is not None and token["type"] == "quoted_identifier":
        hint = f"double quotes are for names of members; write a string as '{name}'"
    elif not place.path and name in (RESULT["data"] or {}):
        hint = f"did you mean data.{name}?"
    elif near := nearest(name, known):
        hint = f"did you mean {place.member(near).path}?"
    elif known:
        hint = f"{place.path or 'a result'} has {', '.join(known)}"
    else:
        hint = f"{place.path} has no members"
    return Mistake(f"no result has {path}; {hint}", _position(token))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like `name`; None if none is."""
    from difflib import get_close_matches  # only for a mistake

    return next(iter(get_close_matches(name, list(known), n=1)), None)
