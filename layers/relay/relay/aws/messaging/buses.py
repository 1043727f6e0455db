"""EventBridge: results to event buses that routes name.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from relay.aws.errors import classify_code
from relay.errors import RelayError
from relay.message_sizes import MOST_TOPIC_BYTES
from relay.model import OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from relay.routes.target import Target

# What rules match on. Sources that begin with "aws." are reserved.
SOURCE = "async-inference-relay"
# The envelope of a detail (version, id, account, time, region, member names) counts too, according
# to some of EventBridge's pages.
_ENVELOPE_BYTES = 512


class Buses:
    """Implements `outbox.Service` with PutEvents.

    PutEvents succeeds for a bus that does not exist: such events are lost without an error.
    """

    name = "EventBridge"
    most_bytes = MOST_TOPIC_BYTES

    def __init__(self, events: "EventBridgeClient") -> None:
        self._events = events

    def length(self, message: OutgoingMessage) -> int:
        """Source, type, detail, resources and what EventBridge adds."""
        texts = (SOURCE, message.detail_type, message.body, *message.resources)
        return sum(len(text.encode()) for text in texts) + _ENVELOPE_BYTES

    def send(
        self, address: "str | Target", batch: Sequence[OutgoingMessage]
    ) -> Mapping[int, RelayError | None]:
        answer = self._events.put_events(
            Entries=[
                {
                    "EventBusName": str(address),
                    "Source": SOURCE,
                    "DetailType": message.detail_type,
                    "Detail": message.body,
                    "Resources": list(message.resources),
                }
                for message in batch
            ]
        )
        # In the order of the entries; one without an id was not taken.
        return {
            index: None
            if entry.get("EventId")
            else classify_code(
                entry.get("ErrorCode", "Unknown"),
                entry.get("ErrorMessage", ""),
                f"send to {address}",
            )
            for index, entry in enumerate(answer.get("Entries", []))
        }
