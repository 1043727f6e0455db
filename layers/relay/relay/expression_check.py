"""What can be known to be wrong with an expression before it ever meets a result.

JMESPath itself finds an unknown function only when it is called, and a member that does not exist
never: `data.outcome == "completed"` compares with a *member* called completed, is legal, and would
silently match nothing. Both are mistakes that a person wants to hear of at once.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import loads
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

from relay.expressions import Expression

# The members of every result, which is a CloudEvents document.
MEMBERS: Final = (
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "data",
)

_LITERAL = re.compile(r"`((?:[^`\\]|\\.)*)`", re.S)

_Node = Mapping[str, Any]
_Token = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong. `position` counts characters from 1; None for the whole of it."""

    text: str
    position: int | None = None


class BadExpression(Exception):
    """An expression that cannot be compiled or can only be a mistake."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("; ".join(mistake.text for mistake in mistakes))
        self.mistakes = mistakes


def compiled(text: str) -> Expression:
    """The expression, ready to be evaluated.

    Raises:
        BadExpression: with all mistakes that were found.
    """
    try:
        expression = Expression(text, _parsed(text))
        mistakes = tuple(_mistakes(expression))
    except RecursionError as error:
        raise BadExpression(Mistake("it is nested too deeply")) from error
    if mistakes:
        raise BadExpression(*mistakes)
    return expression


def _parsed(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            # `completed` in backticks: JMESPath still takes it for a text, and means to stop.
            warnings.simplefilter("error", PendingDeprecationWarning)
            return jmespath.compile(text)
    except EmptyExpressionError as error:
        raise BadExpression(Mistake("it is empty; leave it out instead")) from error
    except IncompleteExpressionError as error:
        raise BadExpression(Mistake("it ends too early", len(text) + 1)) from error
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
    except Exception as error:  # jmespath's parser trips over some texts: "[" is one
        raise BadExpression(Mistake("it cannot be parsed")) from error


def _unreadable(error: Any) -> Mistake:
    hint = "; == compares" if error.lexer_value == "=" else ""
    return Mistake(f"{error.message}{hint}", error.lexer_position + 1)


def _old_literal(text: str) -> Mistake:
    for literal in _LITERAL.finditer(text):
        try:
            loads(literal[1].replace("\\`", "`"))
        except ValueError:
            what = f"{literal[0]} holds no JSON; a text is written '{literal[1]}'"
            return Mistake(what, literal.start() + 1)
    return Mistake("it holds a literal in backticks that is no JSON")


def _mistakes(expression: Expression) -> Iterator[Mistake]:
    tree = expression.parsed.parsed
    if tree["type"] == "expref":
        yield Mistake("& passes an expression to a function, and is no value by itself", 1)
    nodes = list(_in_order(tree, at_root=True))
    functions = [node for node, _ in nodes if node["type"] == "function_expression"]
    fields = [(node, at_root) for node, at_root in nodes if node["type"] == "field"]
    called, named = _names(expression.text)
    for function, token in zip(functions, _aligned(called, functions), strict=True):
        yield from _wrong_call(function, _position(token))
    for (field, at_root), token in zip(
        fields, _aligned(named, [node for node, _ in fields]), strict=True
    ):
        if at_root and field["value"] not in MEMBERS:
            yield _unknown_member(str(field["value"]), token)


def _in_order(node: _Node, at_root: bool) -> Iterator[tuple[_Node, bool]]:
    """All nodes in the order of the text, and whether they are evaluated on the whole result."""
    yield node, at_root
    children = [child for child in node.get("children", ()) if isinstance(child, Mapping)]
    kind = node["type"]
    if kind == "filter_projection":
        base, projected, condition = children
        children = [base, condition, projected]
    # Of a.b, a | b and a[?b].c only a sees the whole; the rest sees what came before.
    narrows = kind in (
        "subexpression",
        "pipe",
        "index_expression",
        "projection",
        "value_projection",
        "filter_projection",
    )
    for index, child in enumerate(children):
        sees_all = at_root and kind != "expref" and not (narrows and index > 0)
        # `a | b` and `a[*].b` over the result itself (@) is rare enough not to be followed.
        yield from _in_order(child, sees_all)


def _names(text: str) -> tuple[list[_Token], list[_Token]]:
    """The tokens that call functions, and those that name members."""
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
    """The token of each node; nothing where tokens and nodes do not agree."""
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


def _unknown_member(name: str, token: _Token | None) -> Mistake:
    what = f"no result has a member {name} at its top"
    if token is not None and token["type"] == "quoted_identifier":
        hint = f"; in double quotes it is a member's name, and a text is written '{name}'"
    else:
        hint = f" (there are {', '.join(MEMBERS)}); is it data.{name}?"
    return Mistake(what + hint, _position(token))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one; None where none is."""
    from difflib import get_close_matches  # only a mistake needs it

    return next(iter(get_close_matches(name, list(known), n=1)), None)
