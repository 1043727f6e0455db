"""What stands before MiniStack's application: it takes signed requests of programs alone.

Refused are requests of web pages, requests under another name, and requests without a signature;
whether it is right is MiniStack's to see. Refused is also MiniStack's own interface under
/_ministack/, which asks for no signature: it empties the stack, reads queues and hands out code.

Only root may set faults, and ask `GET /_credentials/{access key}` whose the key is and what its
secret is, with which other servers of the stack check signatures.
"""

import json
from urllib.parse import parse_qs

from async_endpoint_emulator.api.origin import own_hosts, refusal

from local.ministack import signatures
from local.ministack.faults import App, Message, Receive, Send, again, read_body
from local.ministack.paths import CREDENTIALS, FAULTS

# The token in its path is the secret: CloudFormation's answers come without a signature, as on AWS
# they come with one for S3. The other two say that MiniStack is there.
_UNSIGNED = (
    ("PUT", "/_ministack/cfn-response/"),
    ("GET", "/_ministack/ready"),
    ("GET", "/_ministack/health"),
)


class Front:
    """An ASGI application before another one."""

    def __init__(self, app: App) -> None:
        self._app = app

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
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if reason := refusal(headers, own_hosts(scope["server"][1])):
        return reason
    method, path = scope["method"], scope["path"]
    if any(method == each and path.startswith(start) for each, start in _UNSIGNED):
        return None
    if path.startswith("/_ministack/"):
        return "this interface of MiniStack is closed"
    query = parse_qs(scope["query_string"].decode("latin-1"))
    authorization = headers.get("authorization", "")
    if authorization.startswith("AWS4-HMAC-SHA256 ") or "X-Amz-Signature" in query:
        return None
    return "the request is not signed with Signature Version 4"


async def _answer(send: Send, status: int, document: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})


def install() -> None:
    """Puts it before MiniStack's application, under the name that hypercorn loads."""
    import ministack.app

    ministack.app.app = Front(ministack.app.app)
