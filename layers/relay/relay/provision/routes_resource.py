"""The custom resource that checks a route document before it is stored."""

from collections.abc import Iterator, Mapping

from relay.delivery.report import Level, Note
from relay.events.custom_resource import CustomResourceRequest
from relay.provision.lifecycle.custom_resource import RequestType, Response
from relay.provision.lifecycle.ports import Context
from relay.reading import Problem
from relay.routes.compiled import Routes
from relay.routes.document import RoutesError
from relay.routes.target import Target


def respond(context: Context, request: CustomResourceRequest) -> None:
    """Respond to `Custom::Routes`: the document can be used, or what is wrong in it.

    Nothing is stored: a response that is not delivered is sent again when Lambda repeats the event.

    Raises:
        ResponseNotDelivered: CloudFormation did not take it.
    """
    pending = request.pending(request.logical_resource_id, context.clock.now())
    reason = "" if request.type is RequestType.DELETE else _objection(request.properties)
    level = Level.WARNING if reason else Level.INFO
    context.journal(Note(level, f"routes checked: {reason or 'they can be used'}"))
    context.responder.deliver(Response(pending, pending.physical_resource_id, reason))


def _objection(properties: Mapping[str, object]) -> str:
    """What is wrong with the document, or "" where nothing is.

    `OwnTargetArns` are the relay's own queues, `RouteTargetArns` what the deployment adds: the
    route function may send to these and to no others.
    """
    problems: list[Problem] = []
    added = _texts(properties.get("RouteTargetArns"))
    for arn in added:
        try:
            Target.parse(arn)
        except ValueError as error:
            problems.append(Problem("the parameter RouteTargetArns", str(error)))
    try:
        routes = Routes.read(str(properties.get("Document", "")))
        allowed = {*_texts(properties.get("OwnTargetArns")), *added}
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


def _texts(value: object) -> list[str]:
    """A list of strings; CloudFormation makes of an empty one a list of one empty string."""
    return [text for text in value if text] if isinstance(value, list) else []
