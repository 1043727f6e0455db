"""Parked messages by reason, with redrive and drop."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from relayctl.console.sources.parked import (
    PARKED_NEEDS,
    Acted,
    Group,
    Parked,
    drop,
    parked,
    redrive,
)
from relayctl.console.view import Note, View
from relayctl.deployment import Deployment
from relayctl.parked.messages import ParkedMessage
from relayctl.parked.showing import shown_content
from relayctl.parked.subject import subject

# Reading hides messages from others for a moment, so that the page does not do it by itself.
_KEPT_SECONDS: Final = 20
_MOST_MESSAGES: Final = 20
_LONGEST_BODY: Final = 2_000

_ACTS: Final[Mapping[str, tuple[Callable[[Deployment, Sequence[ParkedMessage]], Acted], str]]] = {
    "redrive": (redrive, "sent back"),
    "drop": (drop, "deleted"),
}


async def frame(view: View, request: web.Request) -> web.Response:
    """The page, which reads the queues when it is shown."""
    return view.page(request, "parked.html", {})


async def groups(view: View, request: web.Request) -> web.Response:
    """The messages by reason. `fresh` in the address reads the queues again."""
    if "fresh" in request.query:
        view.answers.forget("parked")
    part = await view.answers.get(
        ("parked",), _KEPT_SECONDS, lambda: parked(view.deployment), PARKED_NEEDS
    )
    values: dict[str, object] = {
        "problems": [part.problem] if part.problem else [],
        "parked": part.value,
        "shown": _shown(part.value) if part.value else [],
        "most": _MOST_MESSAGES,
    }
    return view.page(request, "parked_live.html", values)


def _shown(found: Parked) -> list[dict[str, Any]]:
    return [
        {"group": group, "messages": [_message(each) for each in group.messages[:_MOST_MESSAGES]]}
        for group in found.groups
    ]


def _message(message: ParkedMessage) -> dict[str, object]:
    content = shown_content(message)
    text = (
        content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
    )
    return {
        "id": message.id,
        "at": message.at,
        "receives": message.receives,
        "cut": message.cut,
        "about": list(subject(message)),
        "text": text[:_LONGEST_BODY],
        "longer": len(text) > _LONGEST_BODY,
    }


async def ask(view: View, request: web.Request) -> web.Response:
    """The question before an act: which messages it is about, and what becomes of them."""
    form = await request.post()
    act, queue, reason = (str(form.get(each, "")) for each in ("act", "queue", "reason"))
    if act not in _ACTS:
        raise web.HTTPBadRequest(text="Messages can be redriven and dropped.")
    part = await view.answers.get(
        ("parked",), _KEPT_SECONDS, lambda: parked(view.deployment), PARKED_NEEDS
    )
    if part.problem:
        return view.redirect("/parked", Note.of(part.problem))
    found = part.value.groups if part.value else ()
    for group in found:
        if (group.queue, group.reason) == (queue, reason):
            values = {"act": act, "group": group, "key": view.selections.keep(group)}
            return view.page(request, "parked_ask.html", values)
    return view.redirect("/parked", Note("These messages are not there any more.", "warning"))


async def perform(view: View, request: web.Request) -> web.Response:
    """Redrive or drop the messages that the question was about."""
    act, did = _ACTS.get(request.match_info["act"], (None, ""))
    if act is None:
        raise web.HTTPNotFound(text="Messages can be redriven and dropped.")
    group = view.selections.take(str((await request.post()).get("key", "")), Group)
    if group is None:
        note = Note("The question was answered before, or is too old: choose again.", "warning")
        return view.redirect("/parked", note)
    part = await view.answers.fresh(lambda: act(view.deployment, group.messages), PARKED_NEEDS)
    view.answers.forget("parked", "dead", "depth")
    if part.problem:
        return view.redirect("/parked", Note.of(part.problem))
    return view.redirect("/parked", _note(part.value or Acted(0), did))


def _note(acted: Acted, did: str) -> Note:
    texts = [f"{acted.done} {'message was' if acted.done == 1 else 'messages were'} {did}"]
    texts += [f"{number} left: {why}" for why, number in acted.left.items()]
    texts += [acted.twice] if acted.twice else []
    if acted.problem:
        problem = Note.of(acted.problem)
        return Note(". ".join((*texts, problem.text)), "bad")
    return Note(". ".join(texts) + ".", "warning" if acted.left else "good")
