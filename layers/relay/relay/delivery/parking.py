"""Parking: sends a message that cannot be processed to the dead-letter queue, with the reason.

So it does with a message that waited for ten days, with what it waited for. SQS moves a message
after so many receives, and deletes it after the retention of its queue; both without a reason. The
relay's queues keep a message for twelve days, and allow more receives than the longest delay takes
in ten.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from relay.delivery.dispositions import (
    Broken,
    Disposition,
    Ignored,
    Invalid,
    Newer,
    NotParked,
    NotRouted,
    NotSent,
    Parked,
    TryAgain,
)
from relay.delivery.isolation import answers
from relay.errors import MessageTooLong, RelayError
from relay.message_sizes import MOST_TOPIC_BYTES
from relay.model import Content, Delivery, Incoming, OutgoingMessage
from relay.ports import Clock, Outbox

# SQS refuses control characters in attribute values, and unpaired surrogates break the log.
_UNSENDABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]")
# A reason may quote a value of any length.
_MAX_REASON_CHARACTERS = 1_000
# For a message that its attributes make too long for the dead-letter queue.
_SHORT_REASON_CHARACTERS = 100
# Less than the least limit of a region, with all attributes.
_CUT_BYTES = MOST_TOPIC_BYTES - 8_192
# From this receive on, a message that raises an unexpected error is parked.
TRIES: Final = 5
LONGEST_WAIT: Final = timedelta(days=10)
# A message that no invocation tried is not given up until SQS is about to delete it.
LONGEST_UNTRIED: Final = timedelta(days=11)


class Parking:
    """Parking on one dead-letter queue, with reason, function and time as message attributes."""

    def __init__(self, outbox: Outbox, clock: Clock, queue_url: str, parked_by: str) -> None:
        self._outbox = outbox
        self._clock = clock
        self._queue_url = queue_url
        self._parked_by = parked_by

    def settle(self, dispositions: Sequence[Disposition]) -> list[Disposition]:
        """Park each delivery that can never be processed or is too old, once, with all its reasons.

        Of a call, only the requests that cannot be read are parked. A delivery of which another
        part comes again is not parked yet, nor is one with an unexpected error before its fifth
        receive.
        """
        dispositions = _given_up(dispositions, self._clock.now())
        again = set(_come_again(dispositions))
        reasons: dict[str, dict[str, None]] = {}
        unwanted: dict[str, Delivery] = {}
        for each in dispositions:
            if isinstance(each, NotParked | Broken) and _parkable(each.delivery, again):
                key, found = each.delivery.message_id, _to_park(each)
                reason = each.reason if isinstance(each, NotParked) else str(each.error)
                unwanted[key] = found if unwanted.get(key, found) == found else each.delivery
                reasons.setdefault(key, {})[reason] = None
        ends = self._park([(unwanted[key], "; ".join(why)) for key, why in reasons.items()])
        return [*_left(dispositions, unwanted), *ends]

    def _park(self, unwanted: Sequence[tuple[Delivery, str]]) -> list[Parked | NotParked]:
        """Park deliveries with their reasons."""
        if not unwanted:
            return []
        unwanted = [(delivery, _legible(reason)) for delivery, reason in unwanted]
        parked_at = self._clock.now().isoformat()
        messages = [
            OutgoingMessage(
                key=delivery.message_id,
                address=self._queue_url,
                body=delivery.body,
                attributes=(
                    ("reason", reason),
                    ("parked_by", self._parked_by),
                    ("parked_at", parked_at),
                    ("message_id", delivery.message_id),
                ),
            )
            for delivery, reason in unwanted
        ]
        failures = answers(self._outbox.send, messages, attrgetter("key"))
        for shorten in (_with_short_reason, _without_attributes, _cut):
            too_long = [
                shorten(message)
                for message in messages
                if isinstance(failures.get(message.key), MessageTooLong)
            ]
            if not too_long:
                break
            tried = {message.key for message in too_long}
            failures = {key: error for key, error in failures.items() if key not in tried}
            failures |= answers(self._outbox.send, too_long, attrgetter("key"))
        return [
            Parked(delivery, reason)
            if (error := failures.get(delivery.message_id)) is None
            else NotParked(delivery, reason, error)
            for delivery, reason in unwanted
        ]


def sort_out(incoming: Iterable[Incoming[Content]]) -> list[Disposition]:
    """Return the dispositions of contents that need no action, and of what cannot be read."""
    found: list[Disposition] = []
    for item in incoming:
        if item.ignored:
            found.append(Ignored(item.delivery, item.ignored))
        if item.problem is not None:
            found.append(NotParked(item.delivery, item.problem))
        if item.invalid and item.delivery.queued:
            problems = "; ".join(each.problem for each in item.invalid)
            part = f'{{"requests": [{", ".join(each.text for each in item.invalid)}]}}'
            found.append(NotParked(item.delivery, problems, part=part))
        elif item.invalid:
            found += [Invalid(item.delivery, each.number, each.problem) for each in item.invalid]
        if item.newer is not None:
            found.append(Newer(item.delivery, item.newer))
    return found


def _to_park(each: NotParked | Broken) -> Delivery:
    """Return the delivery, with the body that is parked of it."""
    part = each.part if isinstance(each, NotParked) else None
    # The escapes of JSON can make a part longer than the whole, which the queue has taken.
    longer = part is None or len(part) > len(each.delivery.body.encode("utf-8", "surrogatepass"))
    return each.delivery if part is None or longer else replace(each.delivery, body=part)


def _come_again(dispositions: Iterable[Disposition]) -> Iterator[str]:
    """Return the ids of the messages of which a part comes again."""
    for each in dispositions:
        delivery = _waiting(each)
        if isinstance(each, Broken) and each.delivery.receive_count < TRIES:
            delivery = each.delivery
        if delivery is not None:
            yield delivery.message_id


def _parkable(delivery: Delivery, again: Collection[str]) -> bool:
    return delivery.queued and delivery.message_id not in again


def _left(dispositions: Iterable[Disposition], parked: Collection[str]) -> Iterator[Disposition]:
    """Leave out what the end of a parked delivery replaces, and return no part of it."""
    for each in dispositions:
        if isinstance(each, Broken) and each.delivery.message_id in parked:
            yield replace(each, comes_again=False)
        elif not isinstance(each, NotParked) or each.delivery.message_id not in parked:
            yield each


def _legible(reason: str) -> str:
    return _UNSENDABLE.sub("?", reason[:_MAX_REASON_CHARACTERS])


def _with_short_reason(message: OutgoingMessage) -> OutgoingMessage:
    """Return the message with the beginning of its reason."""
    (name, reason), *others = message.attributes
    return replace(message, attributes=((name, reason[:_SHORT_REASON_CHARACTERS]), *others))


def _without_attributes(message: OutgoingMessage) -> OutgoingMessage:
    """Return the body alone, which a queue took before. The log has the reason."""
    return replace(message, attributes=())


def _cut(message: OutgoingMessage) -> OutgoingMessage:
    """Return as much of the body as each queue takes by default, and how long it was."""
    body = message.body.encode("utf-8", "surrogatepass")
    kept = body[:_CUT_BYTES].decode(errors="ignore")
    return replace(
        message,
        body=kept,
        attributes=(*message.attributes, ("cut", f"{len(kept.encode())} of {len(body)} bytes")),
    )


def _given_up(dispositions: Sequence[Disposition], now: datetime) -> list[Disposition]:
    """Replace the dispositions of each message that would come again and is too old."""
    waiting: dict[str, tuple[Delivery, dict[str, None]]] = {}
    for each in dispositions:
        if (delivery := _waiting(each)) is not None:
            _, reasons = waiting.setdefault(delivery.message_id, (delivery, {}))
            reasons.update(dict.fromkeys(_reasons(each)))
    old = {
        message_id: NotParked(delivery, f"given up after {age.days} days: {_text(reasons)}")
        for message_id, (delivery, reasons) in waiting.items()
        if (age := _age(delivery, now)) >= (LONGEST_WAIT if reasons else LONGEST_UNTRIED)
    }
    kept = [
        each
        for each in dispositions
        if (delivery := _waiting(each)) is None or delivery.message_id not in old
    ]
    return [*kept, *old.values()]


def _waiting(disposition: Disposition) -> Delivery | None:
    """Return the delivery of what waits for an endpoint, a target, another service or code."""
    match disposition:
        case TryAgain(job):
            return job.delivery
        case NotRouted(delivery) | NotSent(delivery) | Newer(delivery):
            return delivery
        case _:
            return None


def _reasons(disposition: Disposition) -> list[str]:
    """Return what a part of a message waits for; nothing for a part that was not started."""
    match disposition:
        case TryAgain(error=RelayError() as error) | Newer(error=error):
            return [str(error)]
        case NotRouted(problem=problem, error=error) if error is not None:
            return [f"{problem}: {error}"]
        case NotSent(errors=errors):
            return [
                f"route {route}: {error}" if route else str(error)
                for route, error in errors.items()
            ]
        case _:
            return []


def _age(delivery: Delivery, now: datetime) -> timedelta:
    """Return how long ago the message entered its queue; zero for a direct invocation."""
    if delivery.sent_at is None or not delivery.queued:
        return timedelta()
    return now - delivery.sent_at


def _text(reasons: dict[str, None]) -> str:
    return "; ".join(reasons) or "no invocation had time to try it"
