"""JMESPath over results: compiled once, and evaluated so that nothing in a result can stop it.

https://jmespath.org/specification.html
"""

from dataclasses import dataclass

from jmespath.exceptions import ArityError, JMESPathError, JMESPathTypeError
from jmespath.parser import ParsedResult
from jmespath.visitor import TreeInterpreter

# It keeps nothing between evaluations but which method belongs to which node; making one for each
# evaluation, as `ParsedResult.search` does, takes more time than evaluating.
_interpreter = TreeInterpreter()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an expression gives for a document. `problem` says why it gives nothing.

    A problem tells types and functions and never values, for it is logged.
    """

    value: object
    problem: str | None = None

    @property
    def true(self) -> bool:
        """By JMESPath's rule: null, false and what is empty are false; all else is true, also 0."""
        value = self.value
        return not (value is None or value is False or value == "" or value == [] or value == {})


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. See `expression_check.compiled` for how one is made."""

    text: str
    parsed: ParsedResult

    def evaluate(self, document: object) -> Evaluated:
        """Never raises, whatever the document contains."""
        try:
            return Evaluated(_interpreter.visit(self.parsed.parsed, document))
        except Exception as error:  # a comparison or a function that meets what it cannot take
            return Evaluated(None, _told(error))


def _told(error: Exception) -> str:
    """What went wrong, without any value of the document, which may be confidential."""
    match error:
        case JMESPathTypeError():
            expected = " or ".join(str(name) for name in error.expected_types)
            return f"{error.function_name}() takes {expected}, and here got {error.actual_type}"
        case ArityError():
            return str(error)
        case JMESPathError():
            return type(error).__name__
        case TypeError():
            return "it compares or sorts values of different types"
        case _:
            return f"it cannot be evaluated here ({type(error).__name__})"
