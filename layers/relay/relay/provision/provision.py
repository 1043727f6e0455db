"""Handles the function's events, and stores every request before anything is done for it."""

from functools import partial
from typing import Final

from relay.delivery.isolation import in_turn
from relay.delivery.report import Level, Note
from relay.errors import ConfigurationError, RelayError, UnreadableMessage
from relay.events.custom_resource import CheckRequest, CustomResourceRequest
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
from relay.provision.buckets import Buckets, UploadEvents
from relay.provision.dead_letters import DeadLetters
from relay.provision.describe import describe
from relay.provision.lifecycle.lifecycle import Lifecycle
from relay.provision.lifecycle.ports import (
    Autoscaler,
    Context,
    ControlPlane,
    FailedInvocations,
    Journal,
    RecordStore,
    Responder,
)
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import Properties
from relay.provision.rollout_requests import RollOutQueue, RollOutResponse
from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Specification
from relay.provision.stack_requests import StackRequests, require_own_name
from relay.provision.texts import refusals

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
        roll_out_uploads: whether an archive is rolled out when it is uploaded.
        uploads: where inputs come from.
    """

    def __init__(
        self,
        endpoint_name: str,
        region: str,
        *,
        roll_out_uploads: bool,
        uploads: UploadEvents,
        control_plane: ControlPlane,
        autoscaler: Autoscaler,
        store: RecordStore,
        responder: Responder,
        failed: FailedInvocations,
        buckets: Buckets,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self._endpoint_name = endpoint_name
        self._region = region
        self._uploads_wanted = roll_out_uploads
        self._uploads = uploads
        self._buckets = buckets
        self._store = store
        context = Context(control_plane, autoscaler, responder, clock, journal, self._resolve)
        self._context = context
        self._lifecycle = Lifecycle(context, store)
        self._roll_outs = RollOutQueue(context, store)
        self._stack_requests = StackRequests(
            endpoint_name,
            region,
            context=context,
            store=store,
            lifecycle=self._lifecycle,
        )
        self._dead_letters = DeadLetters(
            failed, self._stack_requests, self._check, self._store_upload
        )

    def handle(self, wake_up: WakeUp) -> dict[str, object]:
        """Do what can be done now. The response is empty but for direct calls.

        Raises:
            TransientError: a step failed for now; the next invocation tries again.
            UnreadableMessage: a request is not one of CloudFormation for this stack; or a part of
                the event cannot be read, and the others are done.
        """
        match wake_up:
            case CustomResourceRequest():
                self._stack_requests.require_genuine(wake_up)
                self._stack_requests.receive(wake_up)
            case CheckRequest(request):
                self._stack_requests.require_genuine(request)
                self._check(wake_up)
            case EndpointChanged(name, status):
                if name == self._endpoint_name:
                    self._note(f"endpoint status changed to {status}", error=status in _ERRORS)
                    self._lifecycle.advance(name)
                    self._lifecycle.look(name)
            case Sweep():
                self._sweep()
            case ArtifactsUploaded():
                self._roll_out_uploads(wake_up)
            case DirectCall():
                return self._call(wake_up)
            case Describe():
                return self._describe()
        return {}

    def _sweep(self) -> None:
        """Look at every record. One that fails keeps the function from no other."""
        looks = (
            self._dead_letters.take_up,
            self._advance_own,
            self._sweep_former_names,
        )
        in_turn(lambda look: look(), looks)

    def _advance_own(self) -> None:
        self._lifecycle.advance(self._endpoint_name)

    def _sweep_former_names(self) -> None:
        if own := self._store.load(self._endpoint_name):
            sweep = partial(self._sweep_former_name, rested=own.awaits_former)
            in_turn(sweep, own.former_names)

    def _sweep_former_name(self, name: str, *, rested: bool) -> None:
        self._lifecycle.advance(name, rested=rested)
        own, former = self._store.load(self._endpoint_name), self._store.load(name)
        if own and (former is None or former.settled):
            self._store.save(own.unlinked(name))
            if own.awaits_former:
                self._advance_own()

    def _describe(self) -> dict[str, object]:
        endpoint = self._context.sagemaker.describe(self._endpoint_name)
        record = self._store.load(self._endpoint_name) or Record(endpoint.name)
        described = describe(endpoint, record, self._lifecycle.look(self._endpoint_name))
        return {**described, "inputs": self._uploads.describe(self._buckets)}

    def _check(self, check: CheckRequest) -> None:
        from relay.provision import checks  # no other event needs it

        checks.respond(self._context, check, self._buckets, self._region)

    # --- roll-outs -------------------------------------------------------------------------------

    def _roll_out_uploads(self, event: ArtifactsUploaded) -> None:
        for problem in event.problems:
            self._note(f"upload not rolled out: {problem}", error=True)
        in_turn(self._roll_out_upload, event.uploads)
        if event.problems:
            raise UnreadableMessage("; ".join(event.problems))

    def _roll_out_upload(self, upload: CreatedObject) -> None:
        self._store_upload(upload)
        self._lifecycle.advance(self._endpoint_name)

    def _store_upload(self, upload: CreatedObject) -> None:
        location, key = str(upload.location), upload.location.key
        if not self._uploads_wanted:
            self._note(f"{location} is ignored: RollOutUploads is false")
            return
        if not key.startswith(_ARTIFACTS) or not key.endswith(_ARCHIVE):
            self._note(f"{location} is no artifact: ignored")
            return
        self._roll_outs.take(
            self._endpoint_name, rollout_requests.of_upload(location, upload.version, upload.order)
        )

    def _call(self, call: DirectCall) -> dict[str, object]:
        """Respond with what is stored or has ended: a call never waits for SageMaker."""
        if call.action == "delete":
            return RollOutResponse("refused", refusals.DELETE_BY_CALL.text()).to_json()
        try:
            asked = rollout_requests.read(call.members)
        except ConfigurationError as error:
            reason = refusals.WRONG.text(cause=error, again="repeat the call")
            return RollOutResponse("refused", reason).to_json()
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

    def _resolve(self, properties: Properties) -> Specification:
        specification = read_specification(properties, self._region, self._context.sagemaker.flaws)
        require_own_name(specification.endpoint_name, self._endpoint_name)
        return specification

    def _note(self, text: str, *, error: bool = False) -> None:
        level = Level.ERROR if error else Level.INFO
        self._context.journal(Note(level, text, (("endpoint", self._endpoint_name),)))
