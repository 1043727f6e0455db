"""Backfills with their progress, a preview before each start, and what stops them."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from relayctl.backfills.calls import (
    ASKED,
    NEEDS,
    OUTPUT,
    VERBS,
    Preview,
    act,
    backfills,
    next_step,
    preview,
    start,
    to_repeat,
)
from relayctl.console.view import Note, View

# The function goes on once a minute.
_LIVE_SECONDS: Final = 5
_SELECTION: Final = ("prefix", "suffix", "bucket", "modified_from", "modified_to")


@dataclass(frozen=True, slots=True)
class _Act:
    """What a person is asked about."""

    verb: str
    name: str


def _check(view: View) -> None:
    if OUTPUT not in view.deployment.outputs:
        raise web.HTTPNotFound(text="The stack has no function backfill: deploy a later version.")


async def frame(view: View, request: web.Request) -> web.Response:
    """The page."""
    _check(view)
    return view.page(request, "backfills.html", await _list(view))


async def live(view: View, request: web.Request) -> web.Response:
    """The part of the page that is new every few seconds."""
    _check(view)
    return view.page(request, "backfills_live.html", await _list(view))


async def _list(view: View) -> dict[str, object]:
    part = await view.answers.get(
        ("backfills",), _LIVE_SECONDS, lambda: backfills(view.deployment), NEEDS
    )
    return {
        "problems": [part.problem] if part.problem else [],
        "backfills": part.value,
        "verbs": VERBS,
        "to_repeat": to_repeat,
    }


async def ask(view: View, request: web.Request) -> web.Response:
    """The preview before a start: how many objects, and what they take."""
    _check(view)
    form = await request.post()
    given = {each: str(form.get(each, "")).strip() for each in _SELECTION}
    selection = {name: value for name, value in given.items() if value}
    part = await view.answers.fresh(lambda: preview(view.deployment, selection), NEEDS)
    if part.problem:
        return view.redirect("/backfills", Note.of(part.problem))
    values = {"preview": part.value, "key": view.selections.keep(part.value)}
    return view.page(request, "backfills_ask.html", values)


async def begin(view: View, request: web.Request) -> web.Response:
    """Start what the preview was about."""
    _check(view)
    form = await request.post()
    asked = view.selections.take(str(form.get("key", "")), Preview)
    if asked is None:
        return view.redirect("/backfills", _TOO_OLD)
    name = str(form.get("name", "")).strip()
    part = await view.answers.fresh(
        lambda: str(start(view.deployment, asked.selection, name)["name"]), NEEDS
    )
    view.answers.forget("backfills")
    note = Note.of(part.problem) if part.problem else Note(f"{part.value} was started.")
    return view.redirect("/backfills", note)


async def change(view: View, request: web.Request) -> web.Response:
    """Pause or resume a backfill; ask before what cannot be taken back."""
    _check(view)
    form = await request.post()
    asked = view.selections.take(str(form.get("key", "")), _Act)
    given = asked or _Act(str(form.get("verb", "")), str(form.get("name", "")))
    if asked is None and "key" in form:
        return view.redirect("/backfills", _TOO_OLD)
    if not any(given.verb in each for each in VERBS.values()):
        unknown = Note(f"{given.verb} is nothing that a backfill does", "warning")
        return view.redirect("/backfills", unknown)
    if asked is None and given.verb in ASKED:
        values = {"act": given, "key": view.selections.keep(given)}
        return view.page(request, "backfills_act.html", values)
    part = await view.answers.fresh(
        lambda: next_step(act(view.deployment, given.verb, given.name)), NEEDS
    )
    view.answers.forget("backfills")
    if part.problem:
        return view.redirect("/backfills", Note.of(part.problem))
    return view.redirect("/backfills", Note(f"{given.name}: {part.value}"))


_TOO_OLD: Final = Note("The question was answered before, or is too old: begin again.", "warning")
