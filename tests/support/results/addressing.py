"""The deliveries that a route document makes of a result."""

from collections.abc import Mapping

from relay.routes.compiled import Routes
from relay.routes.target import Addressed


def addressed(routes: Routes, result: Mapping[str, object]) -> tuple[Addressed, ...]:
    """One for each route that matches, or what `otherwise` says, in the document's order."""
    verdicts = routes.weigh(result)
    return tuple(verdict.addressed for verdict in verdicts if verdict.addressed is not None)
