"""One route: whether it matches a result, and the delivery if it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay.routes.expressions import Evaluated, Expression
from relay.routes.groups import group_id
from relay.routes.interpreter import TooManySteps
from relay.routes.target import Addressed, Target

# Name of the route for results that no other route matches.
OTHERWISE: Final = "otherwise"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The evaluation of one route for one result.

    `addressed` is None if the route does not match. `problem` says what could not be evaluated: in
    that case `when` does not match, and `group` is the request id. A problem has no values of the
    result.
    """

    route: str
    addressed: Addressed | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RouteRule:
    """A compiled route. Without `when` it matches every result."""

    name: str
    target: Target
    when: Expression | None = None
    group: Expression | None = None
    delay_seconds: int = 0

    def weigh(self, document: Mapping[str, object]) -> Verdict:
        """Evaluate the route. No result makes it raise."""
        if self.when is not None:
            matched = self.when.evaluate(document)
            if not matched.true:
                return Verdict(self.name, None, matched.problem and f"when: {matched.problem}")
        group, problem = self._group(document)
        addressed = Addressed(self.name, self.target, group, self.delay_seconds)
        return Verdict(self.name, addressed, problem and f"group: {problem}")

    def _group(self, document: Mapping[str, object]) -> tuple[str, str | None]:
        """Return the group, by default the request id, and the problem of its expression."""
        problem = None
        if self.group is not None:
            evaluated = self.group.evaluate(document)
            group, problem = _legal(evaluated)
            if group is not None:
                return group, None
        group, _ = _legal(Evaluated(document.get("id")))
        return group or "-", problem


def _legal(evaluated: Evaluated) -> tuple[str | None, str | None]:
    try:
        return group_id(evaluated.value), evaluated.problem
    except TooManySteps as error:
        return None, str(error)
    except (ValueError, TypeError, RecursionError):
        return None, "value cannot be written as JSON"
