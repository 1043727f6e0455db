"""Handles the function's events, and stores every request before anything is done for it."""

from typing import Final

from relay.delivery.isolation import in_turn
from relay.delivery.report import Level, Note
from relay.errors import ConfigurationError, RelayError
from relay.events.custom_resource import CustomResourceRequest, RoutesRequest
from relay.events.endpoint_events import (
    ArtifactsUploaded,
    Describe,
    DirectCall,
    EndpointChanged,
    Sweep,
    WakeUp,
)
from relay.events.s3 import CreatedObject
from relay.ports import Clock
from relay.provision import rollout_requests
from relay.provision.describe import describe
from relay.provision.lifecycle.custom_resource import (
    RequestType,
    Response,
    StackChange,
)
from relay.provision.lifecycle.lifecycle import Lifecycle
from relay.provision.lifecycle.ports import (
    Autoscaler,
    Context,
    ControlPlane,
    Journal,
    Outdated,
    RecordStore,
    Responder,
)
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import Properties, Recipe
from relay.provision.rollout_requests import RollOutQueue, RollOutResponse
from relay.provision.specification import existing
from relay.provision.specification.existing import Adoption
from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Generation, Specification

# Tries to store a request when other invocations write the same record.
_TRIES: Final = 3
# The same filter as in the bucket's notification configuration.
_ARTIFACTS: Final = "models/"
_ARCHIVE: Final = ".tar.gz"
# Statuses that need an operator, when an endpoint changes to them by itself.
_ERRORS: Final = ("OutOfService", "UpdateRollbackFailed", "Failed")


class Provision:
    """The use case of the provision function.

    Args:
        endpoint_name: the endpoint of this deployment.
        region: the region, which the URIs of images depend on.
    """

    def __init__(
        self,
        endpoint_name: str,
        region: str,
        *,
        control_plane: ControlPlane,
        autoscaler: Autoscaler,
        store: RecordStore,
        responder: Responder,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self._endpoint_name = endpoint_name
        self._region = region
        self._store = store
        context = Context(control_plane, autoscaler, responder, clock, journal, self._resolve)
        self._context = context
        self._lifecycle = Lifecycle(context, store)
        self._roll_outs = RollOutQueue(context, store)

    def handle(self, wake_up: WakeUp) -> dict[str, object]:
        """Do what can be done now. The response is empty but for direct calls.

        Raises:
            TransientError: a step failed for now; the next invocation tries again.
        """
        match wake_up:
            case CustomResourceRequest():
                self._receive(wake_up)
            case RoutesRequest(request):
                from relay.provision import routes_resource  # no other event needs it

                routes_resource.respond(self._context, request)
            case EndpointChanged(name, status):
                if name == self._endpoint_name:
                    self._note(f"endpoint status changed to {status}", error=status in _ERRORS)
                    self._lifecycle.advance(name)
                    self._lifecycle.look(name)
            case Sweep():
                self._sweep()
            case ArtifactsUploaded(uploads):
                in_turn(self._roll_out_upload, uploads)
            case DirectCall():
                return self._call(wake_up)
            case Describe():
                return self._describe()
        return {}

    def _sweep(self) -> None:
        """Look at every record. One that fails keeps the function from no other."""
        in_turn(lambda look: look(), (self._advance_own, self._sweep_former_names))

    def _advance_own(self) -> None:
        self._lifecycle.advance(self._endpoint_name)

    def _sweep_former_names(self) -> None:
        own = self._store.load(self._endpoint_name)
        in_turn(self._sweep_former_name, own.former_names if own else ())

    def _sweep_former_name(self, name: str) -> None:
        self._lifecycle.advance(name)
        former, own = self._store.load(name), self._store.load(self._endpoint_name)
        if own and (former is None or former.settled):
            self._store.save(own.unlinked(name))

    def _describe(self) -> dict[str, object]:
        endpoint = self._context.sagemaker.describe(self._endpoint_name)
        record = self._store.load(self._endpoint_name) or Record(endpoint.name)
        return describe(endpoint, record, self._lifecycle.look(self._endpoint_name))

    # --- roll-outs -------------------------------------------------------------------------------

    def _roll_out_upload(self, upload: CreatedObject) -> None:
        location, key = str(upload.location), upload.location.key
        if not key.startswith(_ARTIFACTS) or not key.endswith(_ARCHIVE):
            self._note(f"{location} is no artifact: ignored")
            return
        self._roll_outs.take(
            self._endpoint_name, rollout_requests.of_upload(location, upload.version, upload.order)
        )
        self._lifecycle.advance(self._endpoint_name)

    def _call(self, call: DirectCall) -> dict[str, object]:
        """Respond with what is stored or has ended: a call never waits for SageMaker."""
        if call.action == "delete":
            reason = "the stack owns the endpoint. To delete the endpoint, delete the stack"
            return RollOutResponse("refused", reason).to_json()
        try:
            asked = rollout_requests.read(call.members)
        except ConfigurationError as error:
            return RollOutResponse("refused", str(error)).to_json()
        response = self._roll_outs.take(self._endpoint_name, asked)
        try:
            self._lifecycle.advance(self._endpoint_name)
        except RelayError as error:
            # It is stored, as the response says; the sweep goes on with it.
            self._note(f"{asked.asked_by}: not begun yet: {error}", error=True)
        return self._ended(response).to_json()

    def _ended(self, response: RollOutResponse) -> RollOutResponse:
        record = self._store.load(self._endpoint_name)
        for ended in record.history if record else ():
            if ended.roll_out.id == response.roll_out_id:
                return RollOutResponse(ended.outcome.value, ended.reason, response.roll_out_id)
        return response

    # --- custom resource requests ----------------------------------------------------------------

    def _receive(self, request: CustomResourceRequest) -> None:
        name = self._record_name(request)
        for _ in range(_TRIES):
            stored = self._store.load(name) or Record(name)
            if stored.has_handled(request.request_id):
                self._note(f"{request.type.value} {request.request_id} already processed")
                break
            if stored.made and stored.stack_id != request.stack_id:
                self._turn_away(request, stored)
                return
            self._link(request, name)
            try:
                self._store.save(self._accepted(stored, request))
            except Outdated:
                continue
            self._note(f"{request.type.value} {request.request_id} stored")
            break
        else:
            raise Outdated(f"{name}: could not store the request: concurrent updates")
        self._lifecycle.advance(name)

    def _record_name(self, request: CustomResourceRequest) -> str:
        """The endpoint with the physical id for a Delete, and otherwise the deployment's."""
        if request.type is not RequestType.DELETE:
            return self._endpoint_name
        own = self._store.load(self._endpoint_name)
        if own and own.pending and own.pending.type is RequestType.CREATE:
            # CloudFormation never got the response to the Create and made up an id of its own.
            return self._endpoint_name
        return request.physical_resource_id

    def _link(self, request: CustomResourceRequest, name: str) -> None:
        """Let the sweep look at the other name as well, where a rename left one."""
        other = str(request.old_properties.get("EndpointName", name))
        if name != self._endpoint_name:
            other = name
        if other == self._endpoint_name:
            return
        own = self._store.load(self._endpoint_name) or Record(self._endpoint_name)
        if other not in own.former_names:
            self._store.save(own.linked(other))

    def _accepted(self, stored: Record, request: CustomResourceRequest) -> Record:
        known = self._generations_in(request, stored.endpoint_name)
        now = self._context.clock.now()
        record = stored.accept(request.pending(self._endpoint_name, now), known)
        if request.type is RequestType.DELETE:
            if stored.adoption or existing.is_existing(request.properties):
                return record.release(now)
            return record.remove(now, "the stack deletes the endpoint")
        try:
            if existing.is_existing(request.properties):
                wanted = Adoption.read(request.properties)
                self._refuse_other_names(wanted.endpoint_name)
                return record.adopt(wanted, now)
            target = self._resolve(request.properties)
        except ConfigurationError as error:
            return record.turned_down(str(error))
        creating = request.physical_resource_id != target.endpoint_name
        former = self._store.load(request.physical_resource_id) if creating else None
        before = former.serving if former else None
        return record.ask(StackChange(request.properties, request.old_properties, creating, before))

    def _resolve(self, properties: Properties) -> Specification:
        specification = read_specification(properties, self._region, self._context.sagemaker.flaws)
        self._refuse_other_names(specification.endpoint_name)
        return specification

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

    def _refuse_other_names(self, name: str) -> None:
        if name != self._endpoint_name:
            raise ConfigurationError(
                f"EndpointName is {name}, but this function manages "
                f"{self._endpoint_name} (its environment variable ENDPOINT_NAME)"
            )

    def _turn_away(self, request: CustomResourceRequest, stored: Record) -> None:
        """Respond that the endpoint belongs to another stack, and change nothing."""
        pending = request.pending(self._endpoint_name, self._context.clock.now())
        self._note(f"{request.type.value} rejected: another stack owns the endpoint", error=True)
        if request.type is RequestType.DELETE:
            self._context.responder.deliver(Response.removed(pending))
            return
        reason = (
            f"endpoint {stored.endpoint_name} belongs to the stack {stored.stack_id} "
            "and is left alone. Choose another EndpointName"
        )
        self._context.responder.deliver(Response.failed(pending, reason))

    def _note(self, text: str, *, error: bool = False) -> None:
        level = Level.ERROR if error else Level.INFO
        self._context.journal(Note(level, text, (("endpoint", self._endpoint_name),)))
