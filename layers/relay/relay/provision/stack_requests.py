"""CloudFormation's requests: each is stored before anything is done for it.

A request that cannot be stored is invoked again by Lambda, and then lies in the queue of failed
invocations: see `dead_letters`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from relay.errors import ConfigurationError, RelayError, UnreadableMessage
from relay.events.custom_resource import CustomResourceRequest
from relay.events.failed_invocations import TRIED_FOR, FailedInvocation
from relay.provision.lifecycle import messages
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
    FormerName,
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
from relay.provision.texts import endings

# Tries to store a request when other invocations write the same record.
_TRIES: Final = 3


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
    ) -> None:
        self._endpoint_name = endpoint_name
        self._region = region
        self._context = context
        self._store = store
        self._lifecycle = lifecycle

    def require_genuine(self, request: CustomResourceRequest) -> None:
        """Raises UnreadableMessage: the request is not one of CloudFormation for this stack."""
        if objection := self.objection(request):
            raise UnreadableMessage(f"not a request of CloudFormation for this stack: {objection}")

    def objection(self, request: CustomResourceRequest) -> str | None:
        """Return why the request is not one of CloudFormation for this stack; None if it is."""
        return self._context.responder.objection(request.stack_id, request.response_url)

    def receive(self, request: CustomResourceRequest) -> None:
        """Raises TransientError: the request could not be stored, or a step failed for now."""
        sent_at = request.sent_at(self._context.clock.now())
        if (name := self._store_request(request, sent_at)) is not None:
            self._lifecycle.advance(name)

    def store_failed(self, request: CustomResourceRequest, found: FailedInvocation) -> None:
        """Store the request of a failed invocation, or respond that it cannot be stored in time.

        Raises TransientError: it could not be stored; the next sweep tries again.
        """
        now, sent_at = self._context.clock.now(), found.sent_at(request)
        if self.is_late(request, sent_at):
            return
        try:
            # One that is too old may be a try that follows one that has stored the request.
            if not found.too_old or self._is_stored(request):
                self._store_request(request, sent_at)
                return
            reason = messages.too_old(request.type)
        except RelayError as error:
            if found.too_old or now < sent_at + DECIDE_WITHIN:
                raise
            reason = messages.not_stored(request.type, error)
        pending = request.pending(self._endpoint_name, sent_at)
        self._context.responder.deliver(Response.failed(pending, reason))

    def is_late(self, request: CustomResourceRequest, sent_at: datetime) -> bool:
        """Whether CloudFormation no longer waits for a response, which the log then says."""
        late = self._context.clock.now() >= sent_at + DELIVER_WITHIN
        if late:
            what = f"{request.type.value} {request.request_id}"
            text = f"{what} came after CloudFormation had stopped waiting"
            self._context.note(text, Record(self._endpoint_name), error=True)
        return late

    def _store_request(self, request: CustomResourceRequest, sent_at: datetime) -> str | None:
        """Return the name of the record; None where nothing is to be done for the request."""
        what = f"{request.type.value} {request.request_id}"
        if self.is_late(request, sent_at):
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
            try:
                stored = self._give_up_renamed(request, stored)
                self._store.save(self._accepted(stored, request, sent_at))
            except Outdated:
                continue
            self._context.note(f"{what} stored", stored)
            self._link(request, name)
            return name
        raise Outdated(f"{name}: could not store the request: concurrent updates")

    def _is_stored(self, request: CustomResourceRequest) -> bool:
        record = self._store.load(self._record_name(request))
        return record is not None and record.has_handled(request.request_id)

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

    def _other_names(self, request: CustomResourceRequest, name: str) -> tuple[str, ...]:
        """Names whose records the sweep must look at as well, where a rename left something.

        Those at which the other record's sweep looked are among them: only the deployment's own
        record has a sweep.
        """
        other = str(request.old_properties.get("EndpointName", name))
        if name != self._endpoint_name:
            other = name
        if other == self._endpoint_name:
            return ()
        record = self._store.load(other)
        names = (*(record.former_names if record else ()), other)
        return tuple(each for each in names if each != self._endpoint_name)

    def _link(self, request: CustomResourceRequest, name: str) -> None:
        """Let the sweep look at a request that the record of another name has.

        Linked after the request is stored, and written again where it is linked already: a sweep
        that has found nothing to do at the other name then cannot unlink it.
        """
        if name != self._endpoint_name:
            own = self._store.load(self._endpoint_name) or Record(self._endpoint_name)
            self._store.save(own.linked(self._other_names(request, name)))

    def _give_up_renamed(self, request: CustomResourceRequest, stored: Record) -> Record:
        """Remove the endpoint of a rename that CloudFormation has cancelled, without its roll-outs.

        CloudFormation has not got its id, and so sends no Delete for it. A roll-out that came since
        is for the name that stays: it is stored there first, again after a crash in between. Return
        the record of that name.
        """
        name = stored.endpoint_name
        renamed = str(request.old_properties.get("EndpointName", name))
        if renamed == name or request.physical_resource_id != name:
            return stored
        given_up = self._store.load(renamed)
        if given_up is None or given_up.goal is Goal.REMOVE:
            return stored
        if given_up.made and given_up.stack_id != request.stack_id:
            return stored
        if given_up.unfinished:
            stored = self._store.save(stored.inheriting(given_up))
        self._store.save(given_up.given_up(self._context.clock.now()))
        return stored

    def _former(self, name: str) -> Record | None:
        """The record of the name before a rename, whose roll-outs wait if they have not begun.

        The new record has them too. Under the former name they begin if the rename is taken back.
        """
        former = self._store.load(name)
        if former and former.roll_out and not former.under_way:
            return self._store.save(former.stepping_back())
        return former

    def _accepted(
        self, stored: Record, request: CustomResourceRequest, sent_at: datetime
    ) -> Record:
        known = () if stored.made else self._generations_in(request, stored.endpoint_name)
        now = self._context.clock.now()
        pending = request.pending(self._endpoint_name, sent_at)
        record = stored.accept(pending, known)
        if self._store.size(record) > MOST_BYTES_OF_STACK:
            record = stored.accept(pending)
        if stored.endpoint_name == self._endpoint_name:
            record = record.linked(self._other_names(request, stored.endpoint_name))
        else:
            record = replace(record, former_names=())  # the deployment's own record has them
        if request.type is RequestType.DELETE:
            if stored.adoption or existing.is_existing(request.properties):
                return record.release(now)
            removing = record.remove(now, "the stack deletes the endpoint")
            if stored.made or request.physical_resource_id == stored.endpoint_name:
                return removing
            # Of a Create that was cancelled, and which Lambda may be about to repeat.
            return replace(removing, unseen_until=now + TRIED_FOR)
        try:
            if existing.is_existing(request.properties):
                wanted = Adoption.read(request.properties)
                require_own_name(wanted.endpoint_name, self._endpoint_name)
                return record.adopt(wanted, now)
            target = self._context.resolve(request.properties)
        except ConfigurationError as error:
            return record.turned_down(messages.properties_wrong(error))
        creating = request.physical_resource_id != target.endpoint_name
        former = self._former(request.physical_resource_id) if creating else None
        before = former.serving if former else None
        change = StackChange(request.properties, request.old_properties, creating, before)
        asked = (record.inheriting(former) if former else record).ask(change)
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
    """Raises FormerName: the function manages one endpoint."""
    if name != own:
        raise FormerName(
            f"EndpointName is {name}, but this function manages {own} (its environment variable "
            "ENDPOINT_NAME)"
        )
