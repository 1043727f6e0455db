"""`parked redrive` and `parked drop`.

A message is sent before it is deleted. If the command is ended in between, the message is there
twice, which the relay recognises.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from relayctl.commands import Context
from relayctl.confirmation import Yes, confirm
from relayctl.errors import Exit, Misused
from relayctl.parked.destinations import Destinations
from relayctl.parked.messages import ParkedMessage
from relayctl.parked.processing import Act, Processing
from relayctl.parked.selection import READING, Found, Ids, Queues, Reasons, find
from relayctl.parked.sending import Sender, sent_twice
from relayctl.progress import progress

DROPPING: Final = (*READING, "sqs:DeleteMessage")
REDRIVING: Final = (*DROPPING, "sqs:SendMessage", "sqs:GetQueueUrl")


def redrive(
    context: Context,
    ids: Ids = None,
    queue: Queues = None,
    reason: Reasons = None,
    yes: Yes = False,
) -> Exit | None:
    """Send parked messages back to the queues that they came from, and delete them.

    Remove the cause first: a message whose cause remains is parked again. Without a selection, all
    messages that have a redrive. Ends with 1 if a message is left, or could not be read, or if a
    queue does not exist. It can be interrupted and repeated.
    """
    found = find(context, ids, queue, reason)
    destinations = Destinations(context.deployment.sqs)
    left = destinations.without(found.messages)
    chosen = [each for each in found.messages if each.id not in left]
    if chosen:
        confirm(context.output, f"Redrive {_counts(chosen)}?", yes=yes)
    sender = Sender(context.deployment.sqs, destinations)
    return _perform(context, found, chosen, sender.send, "redriven", left)


def drop(
    context: Context,
    ids: Ids = None,
    queue: Queues = None,
    reason: Reasons = None,
    yes: Yes = False,
) -> Exit | None:
    """Delete parked messages for good. Select them by id, queue or reason.

    Ends with 1 if a message is left, or could not be read, or if a queue does not exist. It can be
    interrupted and repeated.
    """
    if not (ids or queue or reason):
        raise Misused("select what to drop: by ids, --queue or --reason")
    found = find(context, ids, queue, reason)
    if found.messages:
        confirm(context.output, f"Delete {_counts(found.messages)} for good?", yes=yes)
    return _perform(context, found, found.messages, lambda batch: (batch, {}), "dropped", {})


def _perform(
    context: Context,
    found: Found,
    chosen: Sequence[ParkedMessage],
    act: Act,
    did: str,
    left: Mapping[str, str],
) -> Exit | None:
    with progress(context.output, did, len(chosen)) as advance:
        processing = Processing(context.deployment.sqs, act, advance)
        try:
            processing.run(chosen)
        except BaseException:
            context.output.note(f"{did} {_number(len(processing.done))}; repeat to go on")
            _say_twice(context, did, processing)
            raise
    _say_twice(context, did, processing)
    return _report(context, found, did, processing.done, {**left, **processing.left})


def _say_twice(context: Context, did: str, processing: Processing) -> None:
    if did == "redriven" and processing.undeleted:
        context.output.note(sent_twice(processing.undeleted.values()))


def _report(
    context: Context, found: Found, did: str, done: Sequence[str], left: Mapping[str, str]
) -> Exit | None:
    queues = {each.id: each.queue.name for each in found.messages}
    described = [{"id": id, "queue": queues[id], "why": why} for id, why in left.items()]
    context.output.document(
        {
            did: done,
            "left": described,
            "missing": found.missing,
            "unseen": found.unseen,
            "gone": found.gone,
        }
    )
    for (name, why), number in Counter((queues[id], why) for id, why in left.items()).items():
        context.output.note(f"left {number} of {name}: {why}")
    context.output.text(f"{did} {_number(len(done))}")
    return Exit.ATTENTION if left or not found.complete else None


def _counts(messages: Sequence[ParkedMessage]) -> str:
    counts = Counter(each.queue.name for each in messages)
    parts = ", ".join(f"{number} of {name}" for name, number in counts.items())
    return f"{_number(len(messages))} ({parts})"


def _number(messages: int) -> str:
    return f"{messages} message{'' if messages == 1 else 's'}"
