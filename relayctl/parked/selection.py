"""Which parked messages: by id, by queue and by reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from relayctl.commands import Context
from relayctl.parked.messages import ParkedMessage
from relayctl.parked.queues import USES, DeadLetterQueue, dead_letter_queues
from relayctl.parked.reading import Peeked, Reader
from relayctl.progress import progress

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Ids of messages, as `parked show` prints them.", show_default=False),
]
Queues = Annotated[
    list[str] | None,
    typer.Option(
        "--queue",
        help=f"Only of this dead-letter queue: {', '.join(each.name for each in USES.values())}. "
        "Repeat for several.",
    ),
]
Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", help="Only with this text in the reason. Repeat for several."),
]

# What reading a dead-letter queue needs.
READING = (
    "cloudformation:ListStackResources",
    "sqs:ReceiveMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
)


@dataclass(frozen=True, slots=True)
class Found:
    """The selected messages, the queues that were read, and ids that no queue has.

    `unseen` are the messages of each queue that could not be read, approximately, where the
    selection may have some of them. `gone` are the names of selected queues that do not exist.
    """

    messages: tuple[ParkedMessage, ...]
    queues: tuple[DeadLetterQueue, ...]
    missing: tuple[str, ...]
    unseen: Mapping[str, int]
    gone: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all that is selected was seen."""
        return not (self.missing or self.unseen or self.gone)


def find(
    context: Context,
    ids: Sequence[str] | None = None,
    queues: Sequence[str] | None = None,
    reasons: Sequence[str] | None = None,
) -> Found:
    """Return the messages that options select; say which ones of the queues could not be seen.

    Raises:
        RelayctlError: there is no such queue.
        ClientError: SQS refused to return messages.
    """
    chosen = dead_letter_queues(context.deployment, queues)
    with progress(context.output, "reading the dead-letter queues") as advance:
        peeked = Reader(context.deployment.sqs, advance).peek(chosen)
    _say_unseen(context, peeked)
    wanted, texts = set(ids or ()), [each.casefold() for each in reasons or ()]
    messages = tuple(
        each
        for each in peeked.messages
        if (not wanted or each.id in wanted)
        and (not texts or any(text in each.reason.casefold() for text in texts))
    )
    there = {each.id for each in peeked.messages}
    missing = tuple(each for each in dict.fromkeys(ids or ()) if each not in there)
    for each in missing:
        context.output.note(f"no dead-letter queue has a message {each}: it may have been deleted")
    # Ids that were all found select nothing of what was not read.
    if ids and not missing:
        return Found(messages, tuple(chosen), missing, {})
    gone = tuple(each.name for each in peeked.gone)
    return Found(messages, tuple(chosen), missing, peeked.unseen, gone)


def _say_unseen(context: Context, peeked: Peeked) -> None:
    for queue in peeked.gone:
        context.output.note(
            f"{queue.name}: the queue {queue.queue_name} does not exist: relayctl doctor says how "
            "to restore it"
        )
    for name, number in peeked.unseen.items():
        why = "another reader has received them"
        if name == "results":
            why += ", or they wait behind others of their message group"
        context.output.note(f"{name}: about {number} more could not be read: {why}")
