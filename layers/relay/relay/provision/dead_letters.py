"""What Lambda has given up: the sweep takes it up from the queue of failed invocations."""

from collections.abc import Callable
from functools import partial

from relay.delivery.isolation import in_turn
from relay.errors import UnreadableMessage
from relay.events.custom_resource import CheckRequest, CustomResourceRequest
from relay.events.endpoint_events import ArtifactsUploaded, EndpointChanged, Sweep, WakeUp
from relay.events.failed_invocations import FailedInvocation, read_failed_invocation
from relay.events.s3 import CreatedObject
from relay.provision.lifecycle.ports import FailedInvocations
from relay.provision.stack_requests import StackRequests


class DeadLetters:
    """Stores CloudFormation's requests and the uploads of artifacts, for the sweep to go on with.

    Everything else stays in the queue for an operator, but of sweeps and state changes only one:
    the next sweep does their work, and many of them would hide what is to be taken up.

    Args:
        respond: checks what a request asks to check, and responds.
        store_upload: stores the roll-out of one upload.
    """

    def __init__(
        self,
        failed: FailedInvocations,
        stack_requests: StackRequests,
        respond: Callable[[CheckRequest], None],
        store_upload: Callable[[CreatedObject], None],
    ) -> None:
        self._failed = failed
        self._stack_requests = stack_requests
        self._respond = respond
        self._store_upload = store_upload

    def take_up(self) -> None:
        """Raises RelayError: something could not be taken up; the next sweep tries again."""
        found = [
            (receipt, invocation)
            for receipt, body in self._failed.receive()
            if (invocation := _read(body)) is not None and not self._is_forged(invocation.event)
        ]
        spare = [receipt for receipt, each in found if isinstance(each.event, _REPEATED)][1:]
        # The queue has no order, and an older request must not replace a newer one.
        found.sort(key=lambda each: each[1].failed_at)
        acts = [
            *(partial(self._failed.delete, receipt) for receipt in spare),
            *(partial(self._take_up, each) for each in found),
        ]
        in_turn(lambda act: act(), acts)

    def _is_forged(self, event: WakeUp) -> bool:
        request = event.request if isinstance(event, CheckRequest) else event
        if not isinstance(request, CustomResourceRequest):
            return False
        return self._stack_requests.objection(request) is not None

    def _take_up(self, received: tuple[str, FailedInvocation]) -> None:
        receipt, invocation = received
        match invocation.event:
            case CustomResourceRequest() as request:
                self._stack_requests.store_failed(request, invocation)
                self._failed.delete(receipt)
            case CheckRequest(request) as check:
                if not self._stack_requests.is_late(request, invocation.sent_at(request)):
                    self._respond(check)
                self._failed.delete(receipt)
            case ArtifactsUploaded(uploads) if uploads:
                in_turn(self._store_upload, uploads)
                self._failed.delete(receipt)


# What the next sweep makes good.
_REPEATED = (Sweep, EndpointChanged)


def _read(body: str) -> FailedInvocation | None:
    try:
        return read_failed_invocation(body)
    except UnreadableMessage:
        return None
