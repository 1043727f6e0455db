"""The custom resources that check parameters before the stack uses them.

Nothing is stored: a response that is not delivered is sent again when Lambda repeats the event.
"""

from relay.delivery.report import Level, Note
from relay.events.custom_resource import CheckRequest, Subject
from relay.provision import locations_check, routes_resource
from relay.provision.buckets import Buckets
from relay.provision.lifecycle.custom_resource import RequestType, Response
from relay.provision.lifecycle.ports import Context
from relay.provision.locations_check import Checked


def respond(context: Context, check: CheckRequest, buckets: Buckets, region: str) -> None:
    """Respond that the parameters can be used, or what is wrong with them.

    Raises:
        ResponseNotDelivered: CloudFormation did not take it.
        TransientError: a bucket cannot be looked at for now.
    """
    request, now = check.request, context.clock.now()
    pending = request.pending(request.logical_resource_id, now)
    if request.type is RequestType.DELETE:
        checked = Checked(pending.physical_resource_id)
    elif check.subject is Subject.ROUTES:
        reason = routes_resource.objection(request.properties)
        checked = Checked(pending.physical_resource_id, reason)
    else:
        checked = locations_check.check(request, buckets, region, now)
    what = check.subject.name.lower()
    for warning in checked.warnings:
        context.journal(Note(Level.ERROR, f"{what} checked: {warning}"))
    level = Level.WARNING if checked.reason else Level.INFO
    context.journal(Note(level, f"{what} checked: {checked.reason or 'they can be used'}"))
    context.responder.deliver(Response(pending, checked.id, checked.reason))
