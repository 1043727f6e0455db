"""Pausing and resuming submit and route."""

from aiohttp import web

from relayctl.console.view import Note, View
from relayctl.deployment import Deployment
from relayctl.flow.mappings import Flow, mappings
from relayctl.flow.pausing import NEEDS


async def switch(view: View, request: web.Request) -> web.Response:
    """Pause or resume what the address names. Lambda takes some seconds for it."""
    try:
        flow = Flow(request.match_info["flow"])
    except ValueError:
        raise web.HTTPNotFound(text="submit and route can be paused.") from None
    enabled = (await request.post()).get("enabled") == "yes"
    part = await view.answers.fresh(lambda: _switch(view.deployment, flow, enabled), NEEDS)
    view.answers.forget("paused")
    if part.problem:
        return view.redirect("/", Note.of(part.problem))
    did = "resumes" if enabled else "pauses"
    return view.redirect("/", Note(f"{flow.capitalize()} {did}. Lambda takes some seconds for it."))


def _switch(deployment: Deployment, flow: Flow, enabled: bool) -> None:
    for each in mappings(deployment, flow):
        deployment.functions.update_event_source_mapping(UUID=each.id, Enabled=enabled)
