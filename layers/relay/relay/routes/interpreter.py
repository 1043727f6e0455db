"""Evaluation of JMESPath in a bounded number of steps.

A short expression can have a value that is exponential in its length: each step of
`@ | [@, @] | [@, @]` doubles it. Its parts are shared, so that it takes little memory until
something compares it or writes it as JSON. So not only the visited nodes are counted, but also the
values that a comparison or a function goes through.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from jmespath.visitor import TreeInterpreter

# Tens of milliseconds. SageMaker puts at most 128 KB of a response into a notification, and a usual
# expression goes through it once.
MOST_STEPS: Final = 100_000
# Characters that take as long as the visit of a node.
_CHARACTERS = 64

# Functions that go through a whole value, and those that copy its outermost level. The others call
# an expression for each element, which is counted, or look at one value.
_WHOLE: Final = frozenset(
    {"avg", "contains", "ends_with", "join", "max", "min", "sort", "starts_with", "sum"}
) | {"to_number", "to_string"}
_COPY: Final = frozenset({"keys", "merge", "reverse", "values"})

_Node = Mapping[str, Any]


class TooManySteps(Exception):
    """An evaluation took more than MOST_STEPS."""

    def __init__(self) -> None:
        super().__init__(f"expression takes more than {MOST_STEPS:,} steps")


class Interpreter(TreeInterpreter):  # type: ignore[misc]  # jmespath has no types
    """Evaluates one expression at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 0
        self._methods: dict[str, Callable[..., Any]] = {}

    def evaluate(self, tree: _Node, document: object) -> object:
        """Return the value of an expression for a document.

        Raises:
            TooManySteps: the evaluation was given up.
            Exception: the expression cannot be evaluated.
        """
        self._left = MOST_STEPS
        return self.visit(tree, document)

    def visit(self, node: _Node, *args: object, **kwargs: object) -> Any:
        self._left -= 1
        if self._left < 0:
            raise TooManySteps
        kind = node["type"]
        method = self._methods.get(kind)
        if method is None:
            method = self._methods[kind] = getattr(self, f"visit_{kind}")
        return method(node, *args, **kwargs)

    def visit_comparator(self, node: _Node, value: object) -> object:
        if node["value"] not in ("eq", "ne"):
            return super().visit_comparator(node, value)
        first, second = node["children"]
        left, right = self.visit(first, value), self.visit(second, value)
        if isinstance(left, (list, dict)) and isinstance(right, (list, dict)):
            self._spend(min(self._weight(left), self._weight(right)))
        return self.COMPARATOR_FUNC[node["value"]](left, right)

    def visit_flatten(self, node: _Node, value: object) -> object:
        base = self.visit(node["children"][0], value)
        if isinstance(base, list):
            self._spend(sum(map(_length, base)))
        return super().visit_flatten({"children": [{"type": "current"}]}, base)

    def visit_slice(self, node: _Node, value: object) -> object:
        self._spend(_length(value))
        return super().visit_slice(node, value)

    def visit_function_expression(self, node: _Node, value: object) -> object:
        name = node["value"]
        arguments = [self.visit(child, value) for child in node["children"]]
        if name in _WHOLE:
            for argument in arguments:
                self._spend(self._weight(argument))
        elif name in _COPY:
            self._spend(sum(map(_length, arguments)))
        if name == "join" and len(arguments) == 2:
            glue, parts = arguments
            self._spend(self._weight(glue) * _length(parts))
        return self._functions.call_function(name, arguments)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooManySteps

    def _weight(self, value: object) -> int:
        return weight(value, self._left)


def weight(value: object, most: int) -> int:
    """Return the steps of going through a value; where there are more than `most`, any more."""
    if isinstance(value, str):
        return 1 + len(value) // _CHARACTERS
    steps = 0
    waiting = [value]
    while waiting and steps + len(waiting) <= most:
        each = waiting.pop()
        steps += 1
        if isinstance(each, str):
            steps += len(each) // _CHARACTERS
        elif isinstance(each, Mapping):
            waiting += each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return steps + len(waiting)


def _length(value: object) -> int:
    return len(value) if isinstance(value, (list, dict)) else 1
