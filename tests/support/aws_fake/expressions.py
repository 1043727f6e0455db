"""DynamoDB's condition and update expressions over attributes at the top of an item."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tests.support.aws_fake.errors import invalid

Value = dict[str, Any]
Item = dict[str, Value]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[\w.]+)")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass
class Expression:
    """Reads one expression of a request from left to right."""

    text: str
    item: Item
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tokens = _TOKEN.findall(self.text)

    def holds(self) -> bool:
        """Whether the condition is met."""
        result = self._any()
        self._end()
        return result

    def updated(self) -> Item:
        """The item after `SET a = …, b = … REMOVE c ADD d :n`."""
        changed: dict[str, Value | None] = {}
        while self._tokens:
            clause = self._take().upper()
            while True:
                name = self._name()
                if clause == "SET":
                    self._expect("=")
                    changed[name] = self._sum()
                elif clause == "REMOVE":
                    changed[name] = None
                elif clause == "ADD":
                    changed[name] = _added(self.item.get(name, {"N": "0"}), self._operand(), 1)
                else:
                    raise invalid(f"Invalid UpdateExpression: Syntax error; token: {clause}")
                if self._peek() != ",":
                    break
                self._take()
        merged = {**self.item, **changed}
        return {name: value for name, value in merged.items() if value is not None}

    def _any(self) -> bool:
        result = self._all()
        while self._peek().upper() == "OR":
            self._take()
            result = self._all() or result
        return result

    def _all(self) -> bool:
        result = self._not()
        while self._peek().upper() == "AND":
            self._take()
            result = self._not() and result
        return result

    def _not(self) -> bool:
        if self._peek().upper() == "NOT":
            self._take()
            return not self._not()
        if self._peek() == "(":
            self._take()
            result = self._any()
            self._expect(")")
            return result
        return self._comparison()

    def _comparison(self) -> bool:
        function = self._peek()
        if function in ("attribute_exists", "attribute_not_exists"):
            self._take()
            self._expect("(")
            there = self._name() in self.item
            self._expect(")")
            return there is (function == "attribute_exists")
        left, compare = self._operand(), self._take()
        if compare.upper() == "BETWEEN":
            low = self._operand()
            self._take()  # AND
            return _compared("<=", low, left) and _compared("<=", left, self._operand())
        if compare.upper() == "IN":
            self._expect("(")
            among = [self._operand()]
            while self._peek() == ",":
                self._take()
                among.append(self._operand())
            self._expect(")")
            return any(_compared("=", left, each) for each in among)
        return _compared(compare, left, self._operand())

    def _sum(self) -> Value:
        value: Value | None = self._operand()
        if value is None:
            raise invalid(
                "The provided expression refers to an attribute that does not exist in the item"
            )
        while self._peek() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            value = _added(value, self._operand(), sign)
        return value

    def _operand(self) -> Any:
        """A value; None for an attribute that is missing."""
        token = self._peek()
        if token.startswith(":"):
            return self._value(self._take())
        if token == "if_not_exists":
            self._take()
            self._expect("(")
            there = self.item.get(self._name())
            self._expect(",")
            otherwise = self._operand()
            self._expect(")")
            return otherwise if there is None else there
        return self.item.get(self._name())

    def _value(self, name: str) -> Value:
        if name not in self.values:
            raise invalid(
                "Invalid expression: An expression attribute value used in expression is not "
                f"defined; attribute value: {name}"
            )
        return self.values[name]

    def _name(self) -> str:
        token = self._take()
        if not token.startswith("#"):
            return token
        if token not in self.names:
            raise invalid(
                "Invalid expression: An expression attribute name used in the document path is "
                f"not defined; attribute name: {token}"
            )
        return self.names[token]

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self) -> str:
        if not self._tokens:
            raise invalid(f"Invalid expression: Syntax error; it ends early: {self.text}")
        token: str = self._tokens.pop(0)
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise invalid(f"Invalid expression: Syntax error; {token} is missing: {self.text}")

    def _end(self) -> None:
        if self._tokens:
            raise invalid(f"Invalid expression: Syntax error; token: {self._tokens[0]}")


def _compared(compare: str, left: Value | None, right: Value | None) -> bool:
    if compare not in _COMPARE:
        raise invalid(f"Invalid expression: Syntax error; token: {compare}")
    if left is None or right is None:
        return compare == "<>" and left is not right
    ((kind, one),), ((other_kind, other),) = left.items(), right.items()
    if kind != other_kind:
        return compare == "<>"
    if kind == "N":
        one, other = Decimal(one), Decimal(other)
    return _COMPARE[compare](one, other)


def _added(left: Value, right: Value, sign: int) -> Value:
    return {"N": str(Decimal(left["N"]) + sign * Decimal(right["N"]))}
