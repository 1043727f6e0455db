"""The HTTP side of the SageMaker container contract, for servers written in Python.

The model works in threads, so /ping answers while /invocations works. The port comes from
SAGEMAKER_BIND_TO_PORT, the model's directory from SM_MODEL_DIR. On this port, other programs of
this machine and web pages are refused: they do not know EMULATOR_TOKEN.
"""

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

log = logging.getLogger("container")

_THREADS = 64
_MAX_REQUEST_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the endpoint sends: the object's content, not its address."""

    body: bytes
    content_type: str
    accept: str
    custom_attributes: str
    inference_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers."""

    body: bytes
    content_type: str
    status: int = 200


Model = Callable[[Invocation], Reply]


def model_directory() -> Path:
    """Where the artifact was unpacked."""
    return Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))


def serve(model: Model) -> None:
    """Serves until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    threads = ThreadPoolExecutor(_THREADS, "invocation")

    async def ping(request: web.Request) -> web.Response:
        return web.Response()

    async def invocations(request: web.Request) -> web.Response:
        invocation = Invocation(
            body=await request.read(),
            content_type=request.headers.get("Content-Type", ""),
            accept=request.headers.get("Accept", ""),
            custom_attributes=request.headers.get("X-Amzn-SageMaker-Custom-Attributes", ""),
            inference_id=request.headers.get("X-Amzn-SageMaker-Inference-Id", ""),
        )
        try:
            reply = await asyncio.get_running_loop().run_in_executor(threads, model, invocation)
        except Exception:
            log.exception("invocation %s failed", invocation.inference_id)
            reply = Reply(b"the model failed; its log says why", "text/plain", 500)
        headers = {"Content-Type": reply.content_type}
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    app = web.Application(client_max_size=_MAX_REQUEST_BYTES, middlewares=[_for_the_emulator])
    app.add_routes([web.get("/ping", ping), web.post("/invocations", invocations)])
    log.info("serving on port %d", port)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


@web.middleware
async def _for_the_emulator(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    token, given = os.environ.get("EMULATOR_TOKEN"), request.headers.get("X-Emulator-Token", "")
    if token is not None and not hmac.compare_digest(
        token.encode(), given.encode("utf-8", "surrogateescape")
    ):
        message = "this model server answers the emulator alone"
        return web.json_response({"message": message}, status=403)
    return await handler(request)
