"""CloudFormation's requests: each is stored before anything is done for it.

A request that cannot be stored is invoked again by Lambda, and then lies in the queue of failed
invocations, from which the sweep takes it up.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from relay.delivery.isolation import in_turn
from relay.errors import ConfigurationError, RelayError, UnreadableMessage
from relay.events.custom_resource import CustomResourceRequest, RoutesRequest
from relay.events.failed_invocations import FailedInvocation, read_failed_invocation
from relay.provision.lifecycle import endings, messages
from relay.provision.lifecycle.custom_resource import (
    DELIVER_WITHIN,
    RequestType,
    Response,
    StackChange,
)
from relay.provision.lifecycle.lifecycle import Lifecycle
from relay.provision.lifecycle.ports import (
    MOST_BYTES_OF_STACK,
    Context,
    FailedInvocations,
    Outdated,
    RecordStore,
)
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import DECIDE_WITHIN, Properties, Recipe
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.specification import existing
from relay.provision.specification.existing import Adoption
from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Generation

# Tries to store a request when other invocations write the same record.
_TRIES: Final = 3
# Lambda tries an asynchronous invocation three times, the last one three minutes after the first.
_TRIED_FOR: Final = timedelta(minutes=5)


class StackRequests:
    """Stores the requests of the custom resource, and lets the endpoint advance.

    Args:
        endpoint_name: the endpoint of this deployment.
        region: the region, which the URIs of images depend on.
    """

    def __init__(
        self,
        endpoint_name: str,
        region: str,
        *,
        context: Context,
        store: RecordStore,
        lifecycle: Lifecycle,
        failed: FailedInvocations,
    ) -> None:
        self._endpoint_name = endpoint_name
        self._region = region
        self._context = context
        self._store = store
        self._lifecycle = lifecycle
        self._failed = failed

    def require_genuine(self, request: CustomResourceRequest) -> None:
        """Raises UnreadableMessage: the request is not one of CloudFormation for this stack."""
        if objection := self._objection(request):
            raise UnreadableMessage(f"not a request of CloudFormation for this stack: {objection}")

    def receive(self, request: CustomResourceRequest) -> None:
        """Raises TransientError: the request could not be stored, or a step failed for now."""
        sent_at = request.sent_at(self._context.clock.now())
        if (name := self._store_request(request, sent_at)) is not None:
            self._lifecycle.advance(name)

    def take_up_failed(self) -> None:
        """Store the requests of failed invocations; respond to one that cannot be stored in time.

        Raises TransientError: a request could not be stored; the next sweep tries again.
        """
        found = [
            (receipt, invocation)
            for receipt, body in self._failed.receive()
            if (invocation := _read(body)) is not None and not self._objection(invocation.request)
        ]
        # The queue has no order, and an older request must not replace a newer one.
        in_turn(self._take_up, sorted(found, key=lambda each: each[1].failed_at))

    def _objection(self, request: CustomResourceRequest | RoutesRequest) -> str | None:
        sent = request.request if isinstance(request, RoutesRequest) else request
        return self._context.responder.objection(sent.stack_id, sent.response_url)

    def _take_up(self, received: tuple[str, FailedInvocation]) -> None:
        receipt, invocation = received
        name = self._stored_or_answered(invocation)
        self._failed.delete(receipt)
        if name is not None:
            self._lifecycle.advance(name)

    def _stored_or_answered(self, found: FailedInvocation) -> str | None:
        """Return the name of the record; None where nothing more is to be done."""
        request, now = found.request, self._context.clock.now()
        if isinstance(request, RoutesRequest):
            from relay.provision import routes_resource  # no other event needs it

            routes_resource.respond(self._context, request.request)
            return None
        sent_at = request.sent_at(found.failed_at - _TRIED_FOR)
        pending = request.pending(self._endpoint_name, sent_at)
        if found.too_old:
            reason = messages.too_old(request.type)
            self._context.responder.deliver(Response.failed(pending, reason))
            return None
        try:
            return self._store_request(request, sent_at)
        except RelayError as error:
            if now < sent_at + DECIDE_WITHIN:
                raise
            reason = messages.not_stored(request.type, error)
            self._context.responder.deliver(Response.failed(pending, reason))
            return None

    def _store_request(self, request: CustomResourceRequest, sent_at: datetime) -> str | None:
        """Return the name of the record; None where nothing is to be done for the request."""
        what = f"{request.type.value} {request.request_id}"
        if self._context.clock.now() >= sent_at + DELIVER_WITHIN:
            late = f"{what} came after CloudFormation had stopped waiting"
            self._context.note(late, Record(self._endpoint_name), error=True)
            return None
        name = self._record_name(request)
        for _ in range(_TRIES):
            stored = self._store.load(name) or Record(name)
            if stored.has_handled(request.request_id):
                self._context.note(f"{what} already processed", stored)
                self._link(request, name)
                return name
            if stored.made and stored.stack_id != request.stack_id:
                self._turn_away(request, stored)
                return None
            if _is_obsolete(request, stored):
                self._store.save(stored.remembering(request.request_id))
                ignored = f"{what} ignored: CloudFormation has cancelled it"
                self._context.note(ignored, stored)
                return None
            self._give_up_renamed(request, name)
            try:
                self._store.save(self._accepted(stored, request, sent_at))
            except Outdated:
                continue
            self._context.note(f"{what} stored", stored)
            self._link(request, name)
            return name
        raise Outdated(f"{name}: could not store the request: concurrent updates")

    def _record_name(self, request: CustomResourceRequest) -> str:
        """The endpoint with the physical id for a Delete, and otherwise the deployment's.

        CloudFormation makes up an id for a Create whose response it did not get. A request that the
        record of another name has is one of before the function got its name.
        """
        if request.type is not RequestType.DELETE:
            wanted = str(request.properties.get("EndpointName") or self._endpoint_name)
            other = self._store.load(wanted) if wanted != self._endpoint_name else None
            known = other is not None and other.has_handled(request.request_id)
            return wanted if known else self._endpoint_name
        id = request.physical_resource_id
        known = self._store.load(id) is not None
        return id if known else str(request.properties.get("EndpointName") or id)

    def _link(self, request: CustomResourceRequest, name: str) -> None:
        """Let the sweep look at the other name as well, where a rename left one.

        Linked after the request is stored, and written again where it is linked already: a sweep
        that has found nothing to do at the other name then cannot unlink it.
        """
        other = str(request.old_properties.get("EndpointName", name))
        if name != self._endpoint_name:
            other = name
        if other == self._endpoint_name:
            return
        own = self._store.load(self._endpoint_name) or Record(self._endpoint_name)
        self._store.save(own.linked(other))

    def _give_up_renamed(self, request: CustomResourceRequest, name: str) -> None:
        """Remove the endpoint of a rename that CloudFormation has cancelled.

        CloudFormation has not got its id, and so sends no Delete for it.
        """
        renamed = str(request.old_properties.get("EndpointName", name))
        if renamed == name or request.physical_resource_id != name:
            return
        given_up = self._store.load(renamed)
        if given_up and given_up.stack_id == request.stack_id and given_up.goal is not Goal.REMOVE:
            self._store.save(given_up.given_up(self._context.clock.now()))

    def _accepted(
        self, stored: Record, request: CustomResourceRequest, sent_at: datetime
    ) -> Record:
        known = self._generations_in(request, stored.endpoint_name)
        now = self._context.clock.now()
        record = stored.accept(request.pending(self._endpoint_name, sent_at), known)
        if request.type is RequestType.DELETE:
            if stored.adoption or existing.is_existing(request.properties):
                return record.release(now)
            removing = record.remove(now, "the stack deletes the endpoint")
            if stored.made or request.physical_resource_id == stored.endpoint_name:
                return removing
            # Of a Create that was cancelled, and which Lambda may be about to repeat.
            return replace(removing, unseen_until=now + _TRIED_FOR)
        try:
            if existing.is_existing(request.properties):
                wanted = Adoption.read(request.properties)
                require_own_name(wanted.endpoint_name, self._endpoint_name)
                return record.adopt(wanted, now)
            target = self._context.resolve(request.properties)
        except ConfigurationError as error:
            return record.turned_down(messages.properties_wrong(error))
        creating = request.physical_resource_id != target.endpoint_name
        former = self._store.load(request.physical_resource_id) if creating else None
        before = former.serving if former else None
        change = StackChange(request.properties, request.old_properties, creating, before)
        asked = record.ask(change)
        if (size := self._store.size(asked)) > MOST_BYTES_OF_STACK:
            reason = (
                f"the endpoint's record would have {size:,} bytes, and may have "
                f"{MOST_BYTES_OF_STACK:,}; shorten ModelEnvironment or EndpointSpecification"
            )
            return record.turned_down(messages.properties_wrong(ConfigurationError(reason)))
        return asked

    def _generations_in(
        self, request: CustomResourceRequest, name: str
    ) -> tuple[tuple[Generation, Recipe], ...]:
        """The generation that the request itself names, in case the record was lost."""
        before: Properties = {
            RequestType.CREATE: {},
            RequestType.UPDATE: request.old_properties,
            RequestType.DELETE: request.properties,
        }[request.type]
        if existing.is_existing(before):
            return ()
        try:
            specification = read_specification(before, self._region)
        except ConfigurationError:
            return ()  # so nothing can ever have been made from it
        if specification.endpoint_name != name:
            return ()
        return ((specification.generation, Recipe(before, before)),)

    def _turn_away(self, request: CustomResourceRequest, stored: Record) -> None:
        """Respond that the endpoint belongs to another stack, and change nothing."""
        pending = request.pending(self._endpoint_name, self._context.clock.now())
        rejected = f"{request.type.value} rejected: another stack owns the endpoint"
        self._context.note(rejected, stored, error=True)
        if request.type is RequestType.DELETE:
            self._context.responder.deliver(Response.removed(pending))
            return
        reason = endings.ANOTHER_STACKS.text(name=stored.endpoint_name, stack=stored.stack_id)
        self._context.responder.deliver(Response.failed(pending, reason))


def _read(body: str) -> FailedInvocation | None:
    """Return a request of CloudFormation's; all else stays in the queue for an operator."""
    try:
        return read_failed_invocation(body)
    except UnreadableMessage:
        return None


def _is_obsolete(request: CustomResourceRequest, stored: Record) -> bool:
    """Whether CloudFormation has cancelled the request, which Lambda repeats.

    It has sent a newer one since. A Create is also older than a Delete without a response, which
    comes before any other Create.
    """
    if request.signed_at and stored.requested_at and request.signed_at < stored.requested_at:
        return True
    deletes = stored.pending is not None and stored.pending.type is RequestType.DELETE
    return deletes and request.type is RequestType.CREATE


def require_own_name(name: str, own: str) -> None:
    """Raises ConfigurationError: the function manages one endpoint."""
    if name != own:
        raise ConfigurationError(
            f"EndpointName is {name}, but this function manages {own} (its environment variable "
            "ENDPOINT_NAME)"
        )
