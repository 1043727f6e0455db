"""The endpoint with its roll-outs, and the buttons to deploy and to go back."""

import getpass
from typing import Final

from aiohttp import web

from relayctl.console.sources.rolling import (
    ENDPOINT_NEEDS,
    STRATEGIES,
    RollOut,
    begin,
    roll_out,
)
from relayctl.console.view import Note, View
from relayctl.endpoint.state import State, artifact

_LIVE_SECONDS: Final = 3


async def endpoint(view: View, request: web.Request) -> web.Response:
    """The page."""
    values = await _state(view)
    more = {"strategies": STRATEGIES, "bucket": view.deployment.outputs.get("DataBucketName", "")}
    return view.page(request, "endpoint.html", values | more)


async def live(view: View, request: web.Request) -> web.Response:
    """The part of the page that is new every few seconds."""
    return view.page(request, "endpoint_live.html", await _state(view))


async def _state(view: View) -> dict[str, object]:
    part = await view.answers.get(
        ("endpoint",), _LIVE_SECONDS, lambda: State.of(view.deployment), ENDPOINT_NEEDS
    )
    return {
        "problems": [part.problem] if part.problem else [],
        "state": part.value,
        "roll_outs": list(part.value.roll_outs()) if part.value else [],
        "artifact": artifact,
    }


async def ask(view: View, request: web.Request) -> web.Response:
    """The question before a roll-out: what serves, and what would."""
    form = await request.post()
    action, model, strategy = (
        str(form.get(each, "")).strip() for each in ("action", "model_data_url", "strategy")
    )
    part = await view.answers.fresh(
        lambda: roll_out(view.deployment, action, model, strategy), ENDPOINT_NEEDS
    )
    if part.problem:
        return view.redirect("/endpoint", Note.of(part.problem))
    asked = {"change": part.value, "key": view.selections.keep(part.value)}
    return view.page(request, "endpoint_ask.html", asked)


async def perform(view: View, request: web.Request) -> web.Response:
    """Ask provision for the roll-out that the question was about."""
    asked = view.selections.take(str((await request.post()).get("key", "")), RollOut)
    if asked is None:
        note = Note("The question was answered before, or is too old: choose again.", "warning")
        return view.redirect("/endpoint", note)
    part = await view.answers.fresh(
        lambda: begin(view.deployment, asked, f"relayctl console, {_user()}"), ENDPOINT_NEEDS
    )
    view.answers.forget("endpoint", "capacity")
    if part.problem:
        return view.redirect("/endpoint", Note.of(part.problem))
    goes_on, text = part.value or (False, "")
    return view.redirect("/endpoint", Note(f"Provision: {text}.", "good" if goes_on else "bad"))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown user"
