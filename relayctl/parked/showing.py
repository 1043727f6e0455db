"""`parked` and `parked show`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from relayctl.commands import Context
from relayctl.errors import Exit
from relayctl.output import plain
from relayctl.parked.messages import ParkedMessage, content
from relayctl.parked.selection import Ids, Queues, Reasons, find
from relayctl.parked.subject import subject
from relayctl.times import ago, local

_LONGEST_BODY: Final = 2_000
# Of requests of CloudFormation and of calls of provision: who has the URL may respond to
# CloudFormation (docs/explanation/endpoint.md), and environments may hold secrets.
_HIDDEN: Final = ("ResponseURL", "ModelEnvironment", "EndpointSpecification", "environment")


def parked(context: Context, queue: Queues = None, reason: Reasons = None) -> Exit:
    """Count the messages of all dead-letter queues by queue and reason.

    Ends with 1 if there is a message, also if it could not be read, or if a queue does not exist.
    """
    found = find(context, None, queue, reason)
    by_reason: dict[tuple[str, str], list[ParkedMessage]] = {}
    for message in found.messages:
        by_reason.setdefault((message.queue.name, message.reason), []).append(message)
    groups = [_Group.of(messages) for messages in by_reason.values()]
    context.output.document(
        {
            "total": len(found.messages),
            "groups": [each.document() for each in groups],
            "unseen": found.unseen,
            "gone": found.gone,
        }
    )
    if not groups:
        names = ", ".join(each.name for each in found.queues if each.name not in found.gone)
        said = "no message could be read" if found.unseen else "no message is parked"
        if names:
            context.output.text(f"{said} on {names}")
        return Exit.DONE if found.complete else Exit.ATTENTION
    now = datetime.now(UTC)
    context.output.table(
        ("queue", "messages", "oldest", "newest", "sent by", "reason"),
        [
            (
                each.queue,
                each.number,
                ago(_text(each.oldest), now),
                ago(_text(each.newest), now),
                ", ".join(each.senders),
                each.reason,
            )
            for each in groups
        ],
    )
    return Exit.ATTENTION


@dataclass(frozen=True, slots=True)
class _Group:
    """The messages of one queue that are there for the same reason."""

    queue: str
    reason: str
    number: int
    senders: tuple[str, ...]
    oldest: datetime | None
    newest: datetime | None

    @classmethod
    def of(cls, messages: Sequence[ParkedMessage]) -> "_Group":
        times = sorted(each.at for each in messages if each.at)
        senders = sorted({each.sender.value for each in messages})
        first, last = (times[0], times[-1]) if times else (None, None)
        name, reason = messages[0].queue.name, messages[0].reason
        return cls(name, reason, len(messages), tuple(senders), first, last)

    def document(self) -> dict[str, object]:
        return {
            "queue": self.queue,
            "reason": self.reason,
            "messages": self.number,
            "senders": list(self.senders),
            "oldest": _text(self.oldest),
            "newest": _text(self.newest),
        }


def show(
    context: Context, ids: Ids = None, queue: Queues = None, reason: Reasons = None
) -> Exit | None:
    """Show parked messages: the reason, what they are about, and their content.

    Ends with 1 if there is no message of an id, or if a queue does not exist.
    """
    found = find(context, ids, queue, reason)
    context.output.document({"messages": [_document(each) for each in found.messages]})
    for message in found.messages:
        context.output.text(*_lines(message), "")
    if not found.messages:
        context.output.note("no message is parked with these options")
    return Exit.ATTENTION if found.missing or found.gone else None


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _document(message: ParkedMessage) -> dict[str, object]:
    return {
        "id": message.id,
        "queue": message.queue.name,
        "sender": message.sender.value,
        "reason": message.reason,
        "at": _text(message.at),
        "receives": message.receives,
        "cut": message.cut or None,
        "about": list(subject(message)),
        "attributes": {name: each.get("StringValue") for name, each in message.attributes.items()},
        "content": shown_content(message),
    }


def _lines(message: ParkedMessage) -> Iterator[str]:
    yield f"[bold]{plain(message.id)}[/] on {message.queue.name}"
    yield f"  reason    {plain(message.reason)}"
    at = local(_text(message.at)) or "unknown"
    yield f"  parked    {at} by {message.sender.value}, received {message.receives} times"
    for text in subject(message):
        yield f"  about     {plain(text)}"
    if message.cut:
        yield f"  cut       {plain(message.cut)}"
    shown = shown_content(message)
    text = shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False)
    if len(text) > _LONGEST_BODY:
        text = f"{text[:_LONGEST_BODY]}… ({len(text):,} characters; --json prints all)"
    yield from (f"    {plain(line)}" for line in text.splitlines())


def shown_content(message: ParkedMessage) -> object:
    """Return what a message is about, without what could be used against the stack."""
    value = content(message.body)
    return _hidden(value) if message.queue.name == "provision" else value


def _hidden(value: object) -> object:
    match value:
        case dict():
            return {
                name: "(hidden)" if name in _HIDDEN else _hidden(each)
                for name, each in value.items()
            }
        case list():
            return [_hidden(each) for each in value]
        case str() if any(name in value for name in _HIDDEN):
            return "(hidden)"  # a text that is no JSON
        case _:
            return value
