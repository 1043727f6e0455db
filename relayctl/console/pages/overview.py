"""The overview: the flow with its numbers, what is paused, and the charts."""

import asyncio
from typing import Any, Final

from aiohttp import web

from relayctl.console.answers import Part
from relayctl.console.flow import Box, tall, wide
from relayctl.console.problems import Problem
from relayctl.console.rendering import TONES, number
from relayctl.console.sources.activity import RANGES, USUAL_RANGE, Activity, activity
from relayctl.console.sources.capacity import (
    BACKLOG_NEEDS,
    CAPACITY_NEEDS,
    Backlog,
    Capacity,
    backlog,
    capacity,
)
from relayctl.console.sources.queues import DEAD_NEEDS, DEPTH_NEEDS, Depth, dead_letters, depth
from relayctl.console.view import View
from relayctl.flow.mappings import Flow
from relayctl.flow.paused import LOOKING, paused
from relayctl.requests.search import ASKING

_LIVE_SECONDS: Final = 2
# CloudWatch has a new value each minute, and bills each question.
_METRIC_SECONDS: Final = 30
_QUEUES: Final = ("SubmitQueueUrl", "NotificationQueueUrl", "CompletedQueueUrl", "FailedQueueUrl")


async def overview(view: View, request: web.Request) -> web.Response:
    """The page, with the numbers of this moment."""
    return view.page(request, "overview.html", await _numbers(view, request))


async def live(view: View, request: web.Request) -> web.Response:
    """The part of the page that has the numbers."""
    return view.page(request, "overview_live.html", await _numbers(view, request))


async def series(view: View, request: web.Request) -> web.Response:
    """The points of the charts, as JSON; or why there are none, which the numbers show.

    That is no failure of this page, so it has no status that a browser writes to its console.
    """
    part = await _activity(view, _span(request))
    if part.value is None:
        text = part.problem.text if part.problem else ""
        return web.json_response({"problem": text})
    shown = part.value
    return web.json_response(
        {
            "times": shown.times,
            "width": shown.width,
            "completed": shown.completed,
            "failed": shown.failed,
            "rejected": shown.rejected,
            "expired": shown.expired,
            "median": shown.median,
            "slowest": shown.slowest,
        }
    )


def _span(request: web.Request) -> str:
    given = request.query.get("range", USUAL_RANGE)
    return given if given in RANGES else USUAL_RANGE


async def _activity(view: View, span: str) -> Part[Activity]:
    return await view.answers.get(
        ("activity", span),
        _LIVE_SECONDS,
        lambda: activity(view.deployment, span, view.now()),
        ASKING,
    )


async def _depth(view: View, output: str) -> Part[Depth]:
    return await view.answers.get(
        ("depth", output), _LIVE_SECONDS, lambda: depth(view.deployment, output), DEPTH_NEEDS
    )


async def _depths(view: View) -> dict[str, Part[Depth]]:
    found = await asyncio.gather(*(_depth(view, each) for each in _QUEUES))
    return dict(zip(_QUEUES, found, strict=True))


async def _backlog(view: View) -> Part[Backlog]:
    return await view.answers.get(
        ("backlog",),
        _LIVE_SECONDS if view.emulator else _METRIC_SECONDS,
        lambda: backlog(view.deployment, view.emulator),
        BACKLOG_NEEDS,
    )


async def _numbers(view: View, request: web.Request) -> dict[str, object]:
    ours, answers, span = view.deployment, view.answers, _span(request)
    depths, dead, load, waits, stopped, shown = await asyncio.gather(
        _depths(view),
        answers.get(("dead",), _LIVE_SECONDS, lambda: dead_letters(ours), DEAD_NEEDS),
        answers.get(("capacity",), _LIVE_SECONDS, lambda: capacity(ours), CAPACITY_NEEDS),
        _backlog(view),
        answers.get(("paused",), _LIVE_SECONDS, lambda: paused(ours), (LOOKING,)),
        _activity(view, span),
    )
    boxes = [
        _uploads(shown),
        _queue("submit", "SubmitQueue", depths["SubmitQueueUrl"]),
        _endpoint(load, waits),
        _queue("notifications", "NotificationQueue", depths["NotificationQueueUrl"]),
        _results("completed", shown, depths["CompletedQueueUrl"]),
        _results("failed", shown, depths["FailedQueueUrl"]),
        _dead(dead),
    ]
    flows: list[Flow] = stopped.value or []
    parts: list[Part[Any]] = [*depths.values(), dead, load, waits, stopped, shown]
    problems: list[Problem] = [each.problem for each in parts if each.problem]
    return {
        "pictures": (wide(boxes, flows), tall(boxes, flows)),
        "paused": flows,
        "activity": shown.value,
        "problems": list(dict.fromkeys(problems)),
        "range": span,
        "ranges": RANGES,
    }


def _unknown(id: str, title: str, href: str = "") -> Box:
    return Box(id, title, "–", "not known", tone="warning", href=href)


def _uploads(part: Part[Activity]) -> Box:
    if part.value is None:
        return _unknown("uploads", "Requests", "/requests")
    shown = part.value
    lines = (f"{number(shown.under_way)} under way",)
    return Box("uploads", "Requests", number(shown.requests), "in range", lines, href="/requests")


def _queue(id: str, title: str, part: Part[Depth]) -> Box:
    if part.value is None:
        return _unknown(id, title)
    found = part.value
    lines = [f"{number(found.in_flight)} in flight"]
    if found.delayed:
        lines.append(f"{number(found.delayed)} delayed")
    return Box(id, title, number(found.waiting), "waiting", lines)


def _endpoint(load: Part[Capacity | None], waits: Part[Backlog]) -> Box:
    if load.problem:
        return _unknown("endpoint", "Endpoint", "/endpoint")
    found = load.value
    if found is None:
        return Box("endpoint", "Endpoint", "–", "the stack has none", href="/endpoint")
    lines = [found.status]
    if waits.value:
        lines[0] += "" if waits.value.processing is None else f", {waits.value.processing} at work"
        lines.append(f"{number(waits.value.waiting)} in backlog")
    else:
        lines.append("backlog not known")
    unit = "instance" if found.instances == 1 else "instances"
    if found.desired != found.instances:
        unit += f" of {found.desired}"
    tone = TONES.get(found.status, "plain")
    tone = "plain" if tone == "good" else tone
    return Box("endpoint", "Endpoint", number(found.instances), unit, lines, tone, "/endpoint")


def _results(id: str, shown: Part[Activity], queue: Part[Depth]) -> Box:
    title, href = id.capitalize(), f"/requests?state={id}"
    if shown.value is None:
        return _unknown(id, title, href)
    if id == "completed":
        value, tone = shown.value.last_minute.get("completed", 0), "good"
    else:
        value = shown.value.failed_last_minute
        tone = "bad" if value else "plain"
        href = "/requests?state=failed&state=rejected&state=expired"
    waiting = "–" if queue.value is None else number(queue.value.waiting)
    return Box(id, title, number(value), "in a minute", (f"{waiting} on the queue",), tone, href)


def _dead(part: Part[dict[str, int | None]]) -> Box:
    if part.value is None:
        return _unknown("dead", "Dead letters", "/parked")
    total = sum(n or 0 for n in part.value.values())
    where = [f"{number(n)} {name}" for name, n in part.value.items() if n]
    where += [f"the queue {name} is gone" for name, n in part.value.items() if n is None]
    tone = "bad" if where else "plain"
    unit = "message" if total == 1 else "messages"
    lines = (", ".join(where) or "nothing is parked",)
    return Box("dead", "Dead letters", number(total), unit, lines, tone, "/parked")
