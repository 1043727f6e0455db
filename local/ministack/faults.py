"""What MiniStack does badly on request: answer some requests never, and hand out any order.

`PUT /_faults`, signed by root, takes a JSON object with the members of `Faults`; an empty one ends
all faults. Requests that came while a fault was in force get no answer later either.
"""

import json
import random
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs

from local.ministack.paths import FAULTS

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Hang:
    """Requests that get no answer: calls of these operations with this text in the body.

    They have no effect, or, with `after_effect`, only their answers are lost.
    """

    operations: frozenset[str]
    text: str = ""
    after_effect: bool = False

    def strikes(self, operation: str, body: bytes) -> bool:
        return operation in self.operations and self.text.encode() in body


@dataclass(frozen=True, slots=True)
class Faults:
    """`reorder`: a standard queue hands out any visible messages, not the oldest first."""

    hangs: tuple[Hang, ...] = ()
    reorder: bool = False

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Raises ValueError or TypeError: the document is not one of faults."""
        document = json.loads(text)
        hangs = [
            Hang(**{**hang, "operations": frozenset(hang["operations"])})
            for hang in document.pop("hangs", [])
        ]
        return cls(tuple(hangs), **document)

    def hang(self, operation: str, body: bytes) -> Hang | None:
        return next((each for each in self.hangs if each.strikes(operation, body)), None)


class FaultyApp:
    """MiniStack's ASGI application, with the faults that are in force."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.faults = Faults()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == FAULTS:
            await self._set(receive, send)
        elif scope["type"] == "http" and scope["method"] == "POST" and self.faults.hangs:
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _set(self, receive: Receive, send: Send) -> None:
        status, answer = 204, b""
        try:
            self.faults = Faults.from_json(await read_body(receive))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            status, answer = 400, f"not a document of faults: {error!r}".encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        hang = self.faults.hang(_operation(scope, body), body)
        if hang is None or hang.after_effect:
            await self._app(scope, again(body, receive), send if hang is None else _nowhere)
        if hang is not None:
            while (await receive())["type"] != "http.disconnect":
                pass


def install() -> None:
    """Put the faults before MiniStack's application, under the name that hypercorn loads, and
    into its queues."""
    import ministack.app
    from ministack.services import sqs

    app = FaultyApp(ministack.app.app)
    collect = sqs._collect_msgs

    def collect_in_any_order(queue: dict[str, Any], *rest: Any) -> Any:
        if app.faults.reorder and not queue["is_fifo"]:
            random.shuffle(queue["messages"])
        return collect(queue, *rest)

    ministack.app.app = app
    sqs._collect_msgs = collect_in_any_order


async def read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def again(body: bytes, receive: Receive) -> Receive:
    """The body, which has been read, as a request's first and only message."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _nowhere(_: Message) -> None:
    """Drops the answer."""


def _operation(scope: Message, body: bytes) -> str:
    """The API's operation: from the header of the JSON protocols, or from a form."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if target := headers.get(b"x-amz-target", b"").decode():
        return target.rpartition(".")[2]
    if b"x-www-form-urlencoded" in headers.get(b"content-type", b""):
        return parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
    return ""
