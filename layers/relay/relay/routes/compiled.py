"""Compiled routes, which choose the targets of a result.

docs/reference/routes.md describes the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from relay.routes.document import read_document
from relay.routes.rule import RouteRule, Verdict


@dataclass(frozen=True, slots=True)
class Routes:
    """A compiled route document."""

    routes: tuple[RouteRule, ...]
    otherwise: RouteRule

    @classmethod
    def read(cls, text: str) -> Self:
        """Read, check and compile a route document.

        Raises:
            RoutesError: lists every problem with its position.
        """
        return cls(*read_document(text))

    def weigh(self, document: Mapping[str, object]) -> tuple[Verdict, ...]:
        """Return the verdict of each route in the document's order, and of `otherwise` if needed.

        At least one verdict has a delivery. No result makes it raise.
        """
        verdicts = tuple(route.weigh(document) for route in self.routes)
        if any(verdict.addressed is not None for verdict in verdicts):
            return verdicts
        return (*verdicts, self.otherwise.weigh(document))
