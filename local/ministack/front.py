"""What stands before MiniStack's application: it takes signed requests of programs alone.

Refused are requests of web pages, requests under another name, requests without a signature and,
where MiniStack authenticates callers, those that the holder of the access key did not sign:
MiniStack answers some paths, such as those of its health, of Cognito and of container registries,
before it looks at the signature. Refused is also MiniStack's own interface under /_ministack/,
which asks for no signature: it empties the stack, reads queues and hands out code.

Only root may set faults, and ask `GET /_credentials/{access key}` whose the key is and what its
secret is, with which other servers of the stack check signatures.
"""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, quote

from async_endpoint_emulator.api.callers.origin import own_hosts, refusal

from local.ministack import signatures
from local.ministack.custom_resources import own_path
from local.ministack.faults import App, Message, Receive, Send, again, read_body
from local.ministack.paths import CREDENTIALS, FAULTS

# The token in its path is the secret: CloudFormation's answers come without a signature, as on AWS
# they come with one for S3. The other says that MiniStack is there.
_UNSIGNED = (
    ("PUT", "/_ministack/cfn-response/"),
    ("GET", "/_ministack/ready"),
)


class Front:
    """An ASGI application before another one."""

    def __init__(self, app: App, authenticates: bool) -> None:
        self._app = app
        self._authenticates = authenticates

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif reason := _refusal(scope):
            await _answer(send, 403, {"__type": "AccessDenied", "message": reason})
        elif scope["path"].startswith((CREDENTIALS, FAULTS)):
            await self._for_root(scope, receive, send)
        elif self._authenticates and not _needs_no_signature(scope):
            await self._for_holders(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _for_holders(self, scope: Message, receive: Receive, send: Send) -> None:
        request, body = _request(scope), b""
        if request.signs_its_body:
            body = await read_body(receive)
            receive = again(body, receive)
        if answer := signatures.refuse(request, body):
            await _send(send, *answer)
        else:
            await self._app(scope, receive, send)

    async def _for_root(self, scope: Message, receive: Receive, send: Send) -> None:
        path, body = scope["path"], await read_body(receive)
        if not signatures.signed_by_root(scope["method"], path, scope["headers"], body):
            await _answer(send, 403, {"message": "only root may call this"})
        elif path == FAULTS:
            await self._app(scope, again(body, receive), send)
        elif found := signatures.describe(path.removeprefix(CREDENTIALS)):
            await _answer(send, 200, found)
        else:
            await _answer(send, 404, {"message": "no such access key"})


def _refusal(scope: Message) -> str | None:
    headers = _headers(scope)
    if reason := refusal(headers, own_hosts(scope["server"][1])):
        return reason
    if _needs_no_signature(scope):
        return None
    if scope["path"].startswith("/_ministack/"):
        return "this interface of MiniStack is closed"
    authorization = headers.get("authorization", "")
    if authorization.startswith(f"{signatures.ALGORITHM} ") or "X-Amz-Signature" in _query(scope):
        return None
    return "the request is not signed with Signature Version 4"


def _request(scope: Message) -> signatures.Request:
    raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    headers = signatures.signed_form(scope["headers"])
    return signatures.Request(scope["method"], raw_path.decode("latin-1"), headers, _query(scope))


def _needs_no_signature(scope: Message) -> bool:
    method, path = scope["method"], own_path(scope["method"], scope["path"])
    return any(method == each and path.startswith(start) for each, start in _UNSIGNED)


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _query(scope: Message) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


async def _answer(send: Send, status: int, document: object) -> None:
    content = {"Content-Type": "application/json"}
    await _send(send, status, content, json.dumps(document).encode())


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def install() -> None:
    """Puts it before MiniStack's application, under the name that hypercorn loads."""
    import ministack.app

    ministack.app.app = Front(ministack.app.app, ministack.app.AUTH)
