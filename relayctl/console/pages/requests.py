"""Recent requests with filters, and one request with its timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aiohttp import web
from relay.model import RequestState

from relayctl.console.answers import Part
from relayctl.console.sources.objects import LOOKING_NEEDS, look
from relayctl.console.sources.recent import Recent, newest
from relayctl.console.view import View
from relayctl.errors import Misused
from relayctl.requests.failures import explained, next_command
from relayctl.requests.search import ASKING, Selection, input_bucket
from relayctl.requests.status import status_of
from relayctl.times import point

# In the order in which a request has them.
STATES: Final = tuple(
    each.value
    for each in (
        RequestState.SUBMITTED,
        RequestState.RETRYING,
        RequestState.HELD,
        RequestState.COMPLETED,
        RequestState.FAILED,
        RequestState.REJECTED,
        RequestState.EXPIRED,
        RequestState.UNREADABLE,
    )
)
_USUAL_AGE: Final = "1h"
_PAGE: Final = 50
_MOST_PAGES: Final = 40
_LONGEST_PAGE: Final = 9
_LIVE_SECONDS: Final = 2
_LOOK_SECONDS: Final = 30
_LONGEST_TEXT: Final = 1_024


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as the address of the page has them."""

    states: tuple[str, ...]
    since: str
    until: str
    prefix: str
    reason: str
    page: int

    @classmethod
    def of(cls, request: web.Request) -> "Filters":
        """Read an address. What is not known there has its usual value."""
        given = request.query
        text = {name: given.get(name, "").strip()[:_LONGEST_TEXT] for name in _TEXTS}
        page = given.get("page", "1")[:_LONGEST_PAGE]
        return cls(
            tuple(each for each in STATES if each in given.getall("state", [])),
            text["since"] or _USUAL_AGE,
            text["until"],
            text["prefix"],
            text["reason"],
            min(max(int(page), 1), _MOST_PAGES) if page.isdecimal() else 1,
        )

    def address(self) -> dict[str, Any]:
        """Return the members of the address."""
        return {
            "state": self.states,
            "since": self.since,
            "until": self.until,
            "prefix": self.prefix,
            "reason": self.reason,
        }


_TEXTS: Final = ("since", "until", "prefix", "reason")


def _selection(view: View, filters: Filters) -> Selection:
    """Return what the filters select. Raises Misused."""
    now = view.now()
    since = point(filters.since, now, "Since")
    until = point(filters.until, now, "Until") if filters.until else None
    if since >= (until or now + timedelta(seconds=1)):
        raise Misused(f"Since {filters.since} is not before Until {filters.until or 'now'}")
    prefix = filters.prefix
    if prefix and not prefix.startswith("s3://"):
        prefix = f"s3://{input_bucket(view.deployment)}/{prefix}"
    states = tuple(RequestState(each) for each in filters.states)
    return Selection(since, until, states, prefix, (filters.reason,) if filters.reason else ())


async def _listed(view: View, filters: Filters) -> Part[Recent]:
    def ask() -> Recent:
        selection, enough = _selection(view, filters), filters.page * _PAGE + 1
        return newest(view.deployment, selection, enough, view.now())

    return await view.answers.get(("requests", filters), _LIVE_SECONDS, ask, ASKING)


async def requests(view: View, request: web.Request) -> web.Response:
    """The list."""
    return view.page(request, "requests.html", await _list(view, request))


async def rows(view: View, request: web.Request) -> web.Response:
    """The part of the list that is new every few seconds."""
    return view.page(request, "requests_live.html", await _list(view, request))


async def _list(view: View, request: web.Request) -> dict[str, object]:
    filters = Filters.of(request)
    part = await _listed(view, filters)
    start = (filters.page - 1) * _PAGE
    found = part.value or Recent([], more=False)
    return {
        "filters": filters,
        "address": filters.address(),
        "states": STATES,
        "problems": [part.problem] if part.problem else [],
        "requests": found.requests[start : start + _PAGE],
        "older": len(found.requests) > start + _PAGE and filters.page < _MOST_PAGES,
        "shortened": filters.page == _MOST_PAGES,
        "filtered": bool(filters.states or filters.prefix or filters.reason or filters.until),
    }


async def _status(view: View, text: str) -> Part[dict[str, Any]]:
    return await view.answers.get(
        ("status", text), _LIVE_SECONDS, lambda: status_of(view.deployment, text), ASKING
    )


def _of(request: web.Request) -> str:
    text = request.query.get("of", "").strip()
    if not text or len(text) > _LONGEST_TEXT:
        raise web.HTTPBadRequest(text="Give an id, a key of the input bucket, or an S3 URI.")
    return text


async def one(view: View, request: web.Request) -> web.Response:
    """One request, or those of an input."""
    return view.page(request, "request.html", await _one(view, request))


async def timeline(view: View, request: web.Request) -> web.Response:
    """The part of the page about a request that is new every few seconds."""
    return view.page(request, "request_live.html", await _one(view, request))


async def _one(view: View, request: web.Request) -> dict[str, object]:
    text = _of(request)
    part = await _status(view, text)
    answer = part.value or {}
    shown = answer.get("requests") or ([answer] if "request_id" in answer else [])
    return {
        "of": text,
        "answer": answer,
        "meaning": explained(shown[0]) if shown else None,
        "command": next_command(shown[0]) if shown else None,
        "shown": [{**each, "attempts": each.get("attempts", [])} for each in shown],
        "problems": [part.problem] if part.problem else [],
        "ended": answer.get("state") not in ("submitted", "retrying", "not_submitted", "held"),
    }


async def content(view: View, request: web.Request) -> web.Response:
    """A look at the input or at the output of a request."""
    which = request.query.get("what")
    if which not in ("input", "output"):
        raise web.HTTPBadRequest(text="input and output can be shown.")
    text = _of(request)
    status = await _status(view, text)
    problem, found, location = status.problem, None, ""
    if status.value is not None:
        location = _location(status.value, which)
        if location:
            part = await view.answers.get(
                ("look", location),
                _LOOK_SECONDS,
                lambda: look(view.deployment, location),
                LOOKING_NEEDS,
            )
            found, problem = part.value, part.problem
    values: dict[str, object] = {
        "which": which,
        "look": found,
        "location": location,
        "problems": [problem] if problem else [],
    }
    return view.page(request, "look.html", values)


def _location(answer: Mapping[str, Any], which: str) -> str:
    """Return where the input or the output lies; "" if there is none, or none yet."""
    request = answer["requests"][0] if answer.get("requests") else answer
    attempts = request.get("attempts") or [{}]
    if which == "output" and request.get("state") not in ("completed", "held"):
        return ""
    return str(attempts[-1].get(f"{which}_location") or "")
