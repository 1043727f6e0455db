"""On the local stack alone: samples to upload, and the emulator's faults as switches."""

import secrets
from typing import Any, Final

from aiohttp import web

from relayctl.console.sources.emulator import STRENGTHS, SWITCHES, Emulator
from relayctl.console.sources.samples import SAMPLES, UPLOADING_NEEDS, content, upload
from relayctl.console.view import Note, View

_LIVE_SECONDS: Final = 1
_MOST: Final = 200


def _emulator(view: View) -> Emulator:
    if view.emulator is None:
        raise web.HTTPNotFound(text="This page is there for a local stack alone.")
    return view.emulator


async def local(view: View, request: web.Request) -> web.Response:
    """The page."""
    emulator = _emulator(view)
    part = await view.answers.get(("faults",), _LIVE_SECONDS, emulator.faults)
    values: dict[str, object] = {
        "problems": [part.problem] if part.problem else [],
        "samples": SAMPLES,
        "faults": part.value,
        "switches": SWITCHES,
        "strengths": STRENGTHS,
        "others": _others(part.value or {}),
    }
    return view.page(request, "local.html", values)


def _others(faults: dict[str, Any]) -> dict[str, Any]:
    """Return the faults that are in force and have no switch."""
    settings = ("seed", "delay_seconds")
    return {
        name: value
        for name, value in faults.items()
        if value and name not in SWITCHES and name not in settings
    }


async def send(view: View, request: web.Request) -> web.Response:
    """Upload a sample, or a file of the person, some times over."""
    _emulator(view)
    form = await request.post()
    chosen, name = str(form.get("sample", "")), "sample.csv"
    number = str(form.get("number", "1"))
    if not number.isdecimal() or not 1 <= int(number) <= _MOST:
        return view.redirect("/local", Note(f"Upload from 1 to {_MOST} at a time.", "bad"))
    given = form.get("file")
    if isinstance(given, web.FileField) and given.filename:
        data, name = given.file.read(), given.filename
    elif chosen in SAMPLES:
        data = content(chosen)
    else:
        return view.redirect("/local", Note("Choose a sample or a file.", "bad"))
    run = secrets.token_hex(4)
    part = await view.answers.fresh(
        lambda: upload(view.deployment, data, name, run, int(number)), UPLOADING_NEEDS
    )
    if part.problem:
        return view.redirect("/local", Note.of(part.problem))
    view.answers.forget("activity", "requests", "depth")
    did = "1 upload is" if number == "1" else f"{number} uploads are"
    return view.redirect("/local", Note(f"{did} at {part.value}. Look at the overview."))


async def set_fault(view: View, request: web.Request) -> web.Response:
    """Set a fault, or end all."""
    emulator, form = _emulator(view), await request.post()
    name, strength = str(form.get("fault", "")), str(form.get("strength", ""))
    if name == "all":
        part = await view.answers.fresh(emulator.end_faults)
    elif name in SWITCHES and strength in map(str, STRENGTHS):
        part = await view.answers.fresh(lambda: emulator.set_fault(name, float(strength)))
    else:
        raise web.HTTPBadRequest(text="There is no such fault.")
    view.answers.forget("faults")
    if part.problem:
        return view.redirect("/local", Note.of(part.problem))
    return view.redirect("/local")
