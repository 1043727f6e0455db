"""Proof that a message of the relay's own form is on the submit queue.

Such a message has bare ids and the number of an attempt. Whoever may invoke the function can write
an event that looks like one of the queue, but SQS knows only the receipt handles that it gave out.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
"""

from collections.abc import Mapping, Sequence

from relay.delivery.isolation import as_relay_error
from relay.errors import RelayError, TransientError
from relay.model import Incoming, InferenceRequest
from relay.ports import Inbox


def unproved_messages(
    incoming: Sequence[Incoming[InferenceRequest]], inbox: Inbox
) -> Mapping[str | None, RelayError]:
    """Return an error for each message of this form that is not proved, by its receipt handle.

    The error is transient: a message whose receipt has expired is delivered again.
    """
    own = [each.delivery for each in incoming if any(one.from_relay for one in each.contents)]
    if not own:
        return {}
    try:
        proved = inbox.in_flight(own)
    except Exception as error:
        return dict.fromkeys((each.receipt_handle for each in own), as_relay_error(error))
    missing = TransientError("the message is not in flight on the submit queue")
    return {each.receipt_handle: missing for each in own if each.receipt_handle not in proved}
