"""The routes of results, with a check while a person types."""

from typing import Final

from aiohttp import web

from relayctl.console.sources.routes import ROUTES_NEEDS, Change, change, check, deployed, put
from relayctl.console.view import Note, View
from relayctl.routes.deployed import READING, SECONDS_UNTIL_IN_FORCE

_KEPT_SECONDS: Final = 5


async def routes(view: View, request: web.Request) -> web.Response:
    """The document that is deployed, in a form."""
    part = await view.answers.get(
        ("routes",), _KEPT_SECONDS, lambda: deployed(view.deployment), READING
    )
    values: dict[str, object] = {
        "problems": [part.problem] if part.problem else [],
        "deployed": part.value,
        "text": part.value.text if part.value else "",
        "checked": check(part.value.text) if part.value else None,
    }
    return view.page(request, "routes.html", values)


async def checking(view: View, request: web.Request) -> web.Response:
    """What the document in the form would do. It changes nothing."""
    text = await _text(request)
    part = await view.answers.fresh(lambda: check(text))
    return view.page(request, "routes_check.html", {"checked": part.value})


async def ask(view: View, request: web.Request) -> web.Response:
    """The question before a document is put into force: what changes."""
    text = await _text(request)
    part = await view.answers.fresh(lambda: change(view.deployment, text), ROUTES_NEEDS)
    if part.value is None:
        # The text stays in the form, so that it can be corrected.
        values: dict[str, object] = {
            "problems": [part.problem],
            "deployed": None,
            "text": text,
            "checked": check(text),
        }
        return view.page(request, "routes.html", values, 422)
    asked = {"change": part.value, "key": view.selections.keep(part.value)}
    return view.page(request, "routes_ask.html", asked)


async def put_into_force(view: View, request: web.Request) -> web.Response:
    """Put the document that the question was about into force."""
    asked = view.selections.take(str((await request.post()).get("key", "")), Change)
    if asked is None:
        note = Note("The question was answered before, or is too old: check again.", "warning")
        return view.redirect("/routes", note)
    part = await view.answers.fresh(lambda: put(view.deployment, asked), ROUTES_NEEDS)
    view.answers.forget("routes")
    if part.problem:
        return view.redirect("/routes", Note.of(part.problem))
    text = f"Version {part.value} is in force within {SECONDS_UNTIL_IN_FORCE} seconds."
    return view.redirect("/routes", Note(text))


async def _text(request: web.Request) -> str:
    # Forms have lines that end with CR and LF.
    return str((await request.post()).get("document", "")).replace("\r\n", "\n")
