"""What all pages have: the stack, the answers of AWS, and the frame around their content."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from jinja2 import Environment

from relayctl.backfills.calls import OUTPUT as BACKFILLS
from relayctl.console.answers import Answers
from relayctl.console.problems import Problem
from relayctl.console.rendering import environment, html
from relayctl.console.security import FIELD, HEADER, Guard
from relayctl.console.selections import Selections
from relayctl.console.sources.emulator import Emulator
from relayctl.deployment import Deployment

_MOST_NOTES: Final = 100


_MENU: Final = (
    ("/", "Overview"),
    ("/requests", "Requests"),
    ("/parked", "Parked"),
    ("/endpoint", "Endpoint"),
    ("/routes", "Routes"),
)


@dataclass(frozen=True, slots=True)
class Note:
    """What a button did, for the page that follows. `tone` is good, warning or bad."""

    text: str
    tone: str = "good"

    @classmethod
    def of(cls, problem: Problem) -> "Note":
        return cls(". ".join(filter(None, (problem.text, problem.advice))), "bad")


@dataclass(slots=True)
class View:
    """Renders pages about one stack. `emulator` is that of a local stack; None on AWS."""

    deployment: Deployment
    guard: Guard
    emulator: Emulator | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    answers: Answers = field(default_factory=Answers)
    selections: Selections = field(default_factory=Selections)
    most_upload_bytes: int = 10_000_000
    _notes: OrderedDict[str, Note] = field(default_factory=OrderedDict)
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        self._templates = environment(self.now)

    @property
    def menu(self) -> list[tuple[str, str]]:
        """The pages, with their addresses."""
        pages = list(_MENU)
        if BACKFILLS in self.deployment.outputs:
            pages.append(("/backfills", "Backfills"))
        if self.emulator:
            pages.append(("/local", "Local"))
        return pages

    def page(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, object],
        status: int = 200,
    ) -> web.Response:
        """Return a page, or the part of one that it polls for."""
        return html(self._render(request, template, values, known=True), status)

    def error(self, request: web.Request, title: str, text: str, *, known: bool = True) -> str:
        """Return a page about an error. It shows nothing of the stack to a browser not `known`."""
        return self._render(request, "error.html", {"title": title, "text": text}, known=known)

    def _render(
        self, request: web.Request, template: str, values: Mapping[str, object], *, known: bool
    ) -> str:
        note = self._notes.pop(request.query.get("note", ""), None) if known else None
        shared = {
            "known": known,
            "note": note,
            "now": self.now(),
            "path": request.path,
            "stack": self.deployment.stack_name if known else "",
            "region": self.deployment.region if known else "",
            "local": self.emulator is not None,
            "menu": self.menu if known else (),
            "form_token": self.guard.form if known else "",
            "form_field": FIELD,
            "form_header": HEADER,
        }
        return self._templates.get_template(template).render(shared | dict(values))

    def redirect(self, path: str, note: Note | None = None) -> web.Response:
        """Return the way to the page that follows a change, which shows the note once."""
        if note:
            key = secrets.token_urlsafe(8)
            self._notes[key] = note
            while len(self._notes) > _MOST_NOTES:
                self._notes.popitem(last=False)
            path = f"{path}{'&' if '?' in path else '?'}note={key}"
        return web.Response(status=303, headers={"Location": path})
