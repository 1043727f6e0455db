"""The check of `Custom::Routes`: a route document that can be used."""

from collections.abc import Iterator, Mapping

from relay.reading import Problem, texts
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError
from relay.routes.target import Target


def objection(properties: Mapping[str, object]) -> str:
    """Return what is wrong with the document of `Custom::Routes`, or "" where nothing is.

    `OwnTargetArns` are the relay's own queues, `RouteTargetArns` what the deployment adds: the
    route function may send to these and to no others.
    """
    problems: list[Problem] = []
    added = texts(properties.get("RouteTargetArns"))
    for arn in added:
        try:
            Target.parse(arn)
        except ValueError as error:
            problems.append(Problem("the parameter RouteTargetArns", str(error)))
    try:
        routes = Routes.read(str(properties.get("Document", "")))
        allowed = {*texts(properties.get("OwnTargetArns")), *added}
        problems.extend(_out_of_reach(routes, allowed))
    except RoutesError as error:
        problems.extend(error.problems)
    return f"the routes are wrong: {RoutesError(problems)}" if problems else ""


def _out_of_reach(routes: Routes, allowed: set[str]) -> Iterator[Problem]:
    named = [(f"routes[{index}].to", route.target) for index, route in enumerate(routes.routes)]
    for path, target in (*named, ("otherwise.to", routes.otherwise.target)):
        if target.arn not in allowed:
            yield Problem(
                path,
                f"the route function may not send to {target.arn}; add it to the parameter "
                "RouteTargetArns",
            )
