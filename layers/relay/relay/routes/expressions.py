"""JMESPath expressions on results, evaluated without raising.

https://jmespath.org/specification.html
"""

from dataclasses import dataclass

from jmespath.exceptions import ArityError, JMESPathError, JMESPathTypeError
from jmespath.parser import ParsedResult

from relay.routes.interpreter import Interpreter, TooManySteps

# `ParsedResult.search` creates one for each evaluation, which takes more time than the evaluation.
_interpreter = Interpreter()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The value of an expression for a document. `problem` says why there is none.

    A problem has types and functions and never values, because it is logged.
    """

    value: object
    problem: str | None = None

    @property
    def true(self) -> bool:
        """By JMESPath's rule: null, false, "", [] and {} are false; every other value is true."""
        value = self.value
        return not (value is None or value is False or value == "" or value == [] or value == {})


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, made by `expression_check.compiled`."""

    text: str
    parsed: ParsedResult

    def evaluate(self, document: object) -> Evaluated:
        """Evaluate the expression, in bounded time. No document makes it raise."""
        try:
            return Evaluated(_interpreter.evaluate(self.parsed.parsed, document))
        except Exception as error:  # such as a comparison of values of different types
            return Evaluated(None, _problem(error))


def _problem(error: Exception) -> str:
    """Describe an error without values of the document, which may be confidential."""
    match error:
        case JMESPathTypeError():
            expected = " or ".join(str(name) for name in error.expected_types)
            return f"{error.function_name}() takes {expected}, not {error.actual_type}"
        case ArityError() | TooManySteps():
            return str(error)
        case JMESPathError():
            return type(error).__name__
        case TypeError():
            return "expression compares or sorts values of different types"
        case _:
            return f"expression cannot be evaluated ({type(error).__name__})"
