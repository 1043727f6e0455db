"""The routes: which targets get a result. See docs/routes.md for the language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from relay.routes.document import read_document
from relay.routes.route import RouteRule, Verdict
from relay.routes.target import Addressed, Target


@dataclass(frozen=True, slots=True)
class Routes:
    """A compiled route document: read once, and from then on only evaluated."""

    routes: tuple[RouteRule, ...]
    otherwise: RouteRule

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads, checks and compiles a route document.

        Raises:
            RoutesError: with every problem and where it is.
        """
        return cls(*read_document(text))

    def address(self, document: Mapping[str, object]) -> tuple[Addressed, ...]:
        """The deliveries of a result: one for each route that matches, or what `otherwise` says.

        Never empty, and never raises, whatever the result contains.
        """
        verdicts = self.weigh(document)
        return tuple(verdict.addressed for verdict in verdicts if verdict.addressed is not None)

    def weigh(self, document: Mapping[str, object]) -> tuple[Verdict, ...]:
        """What each route says, in the document's order; `otherwise` last, where it is needed.

        This is `address` with its reasons, and with what could not be evaluated.
        """
        verdicts = tuple(route.weigh(document) for route in self.routes)
        if any(verdict.addressed is not None for verdict in verdicts):
            return verdicts
        return (*verdicts, self.otherwise.weigh(document))

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target that the document names, each once, in its order."""
        named = (*(route.target for route in self.routes), self.otherwise.target)
        return tuple(dict.fromkeys(named))
