"""The route document of a stack, and what a document that is being written would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

from relay.reading import Problem
from relay.routes.compiled import Routes
from relay.routes.document import STANDARD_BYTES, RoutesError
from relay.routes.rule import RouteRule

from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError
from relayctl.routes.deployed import READING, WRITING, DeployedRoutes, Version
from relayctl.routes.explanation import Reason, explained, mistakes
from relayctl.routes.samples import SAMPLES
from relayctl.routes.showing import pretty
from relayctl.routes.targets import LOOKING, findings

ROUTES_NEEDS: Final = (*READING, *WRITING, *LOOKING)


@dataclass(frozen=True, slots=True)
class Deployed:
    """The latest version, and the one that is in force, if it is another one."""

    name: str
    latest: Version
    in_force: Version | None

    @property
    def text(self) -> str:
        return pretty(self.latest.text)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a document would do. `problems` are lines; without any, it can be used."""

    problems: Sequence[str]
    rules: Sequence[RouteRule] = ()
    samples: Sequence[tuple[str, Sequence[Reason]]] = ()
    size: int = 0

    @property
    def advanced(self) -> bool:
        """Whether the parameter is charged for."""
        return self.size > STANDARD_BYTES


@dataclass(frozen=True, slots=True)
class Change:
    """A document that a person is asked about. `lines` are those of a difference."""

    text: str
    version: int
    lines: Sequence[str]
    warnings: Sequence[str]


def deployed(deployment: Deployment) -> Deployed:
    """Return the document that is deployed.

    Raises:
        RelayctlError: there is no such parameter.
        ClientError: Systems Manager refused.
    """
    parameter = DeployedRoutes(deployment)
    latest = parameter.latest()
    return Deployed(parameter.name, latest, parameter.in_force(latest))


def check(text: str) -> Checked:
    """Check a document, and try it on samples of every outcome."""
    size = len(text.encode("utf-8", "surrogatepass"))
    try:
        routes = Routes.read(text)
    except RoutesError as error:
        return Checked(_lines(error.problems), size=size)
    tried = [(name, explained(routes, each.document())) for name, each in SAMPLES.items()]
    return Checked((), (*routes.routes, routes.otherwise), tried, size)


def _lines(problems: Sequence[Problem]) -> list[str]:
    return [each.removeprefix("  ") for each in mistakes(problems)]


def change(deployment: Deployment, text: str) -> Change:
    """Return what would change, after a look at the targets of a document.

    Raises:
        RelayctlError: the document cannot be used.
        ClientError: Systems Manager refused.
    """
    try:
        routes = Routes.read(text)
    except RoutesError as error:
        raise RelayctlError(
            "the document cannot be used: " + "; ".join(map(str, error.problems))
        ) from error
    latest = DeployedRoutes(deployment).latest()
    found = list(findings(deployment, routes, text, latest.routes))
    if wrong := [each.text for each in found if not each.unknown]:
        raise RelayctlError("; ".join(wrong))
    before, after = pretty(latest.text).splitlines(), pretty(text).splitlines()
    lines = list(unified_diff(before, after, "deployed", "new", lineterm=""))
    return Change(text, latest.number, lines, [each.text for each in found])


def put(deployment: Deployment, asked: Change) -> int:
    """Put a document into force, and return the number of its version.

    Raises:
        RelayctlError: another change came after the question.
        ClientError: Systems Manager refused.
    """
    parameter = DeployedRoutes(deployment)
    latest = parameter.latest()
    if latest.number != asked.version:
        raise RelayctlError(
            f"version {latest.number} came after the question: look at it, then repeat"
        )
    return parameter.put(asked.text)
