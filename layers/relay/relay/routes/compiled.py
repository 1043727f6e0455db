"""Compiled routes, which choose the targets of a result. docs/routes.md describes the document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from relay.routes.document import read_document
from relay.routes.route import RouteRule, Verdict
from relay.routes.target import Addressed, Target


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

    def address(self, document: Mapping[str, object]) -> tuple[Addressed, ...]:
        """Return the deliveries of a result: one for each matching route, else `otherwise`.

        There is always at least one. No result makes it raise.
        """
        verdicts = self.weigh(document)
        return tuple(verdict.addressed for verdict in verdicts if verdict.addressed is not None)

    def weigh(self, document: Mapping[str, object]) -> tuple[Verdict, ...]:
        """Return the verdict of each route in the document's order, and of `otherwise` if needed.

        These are the deliveries of `address`, with the problems of evaluation.
        """
        verdicts = tuple(route.weigh(document) for route in self.routes)
        if any(verdict.addressed is not None for verdict in verdicts):
            return verdicts
        return (*verdicts, self.otherwise.weigh(document))

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target of the document once, in its order."""
        named = (*(route.target for route in self.routes), self.otherwise.target)
        return tuple(dict.fromkeys(named))
