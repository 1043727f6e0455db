"""HTTP: AWS's APIs on one port, and the emulator's own under /_emulator/."""

import json
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

from async_endpoint_emulator.api.callers.origin import refusal
from async_endpoint_emulator.api.callers.signature import SignedRequest
from async_endpoint_emulator.api.control import HEALTH, OWN, Control
from async_endpoint_emulator.api.services import Current, Services
from async_endpoint_emulator.api.silence import Silence
from async_endpoint_emulator.errors import AwsError, NoAnswer

log = logging.getLogger("sagemaker")

# More than any valid request has, so that too large ones get AWS's refusal and not the server's.
_MAX_REQUEST_BYTES = 16 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """The routes of AWS's APIs, with those of `control`. `hosts` are the values of Host that mean
    this server."""

    current: Current
    control: Control
    hosts: Collection[str] = ()
    silence: Silence = field(default_factory=Silence)

    def application(self) -> web.Application:
        app = web.Application(
            client_max_size=_MAX_REQUEST_BYTES, middlewares=[_answer_errors, self._guard]
        )
        app.add_routes(
            [
                web.post("/", self._control),
                web.post("/endpoints/{name}/async-invocations", self._invoke_async),
                web.post("/endpoints/{name}/invocations", self._invoke),
                web.post("/endpoints/{name}/invocations-response-stream", self._invoke),
                *self.control.routes(),
            ]
        )
        app.on_shutdown.append(self.silence.end)
        return app

    @property
    def _services(self) -> Services:
        return self.current.services

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse web pages everywhere, and on the emulator's own routes whoever is not root."""
        _require_utf_8(request)
        if reason := refusal(request.headers, self.hosts):
            log.info("refused %s %s: %s", request.method, request.path, reason)
            return web.json_response({"message": reason}, status=403)
        if request.path.startswith(OWN) and request.path != HEALTH:
            await self._services.authoriser.require_root(await _signed(request))
        return await handler(request)

    async def _control(self, request: web.Request) -> web.Response:
        target = request.headers.get("X-Amz-Target", "")
        prefix, _, operation = target.partition(".")
        api = self._services.apis.get(prefix)
        if api is None:
            raise AwsError("UnknownOperationException", f"Not an operation: {target!r}", 404)
        try:
            document = json.loads(await request.read() or b"{}")
            # A lone surrogate, written as an escape, is no text.
            json.dumps(document, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as exc:
            raise AwsError("SerializationException", f"The body is not JSON: {exc}") from exc
        await self._services.prepare()
        answer = await api(operation, document, await self._call(request))
        if not operation.startswith(("Describe", "List")):
            log.info("%s %s", operation, next(iter(document.values()), ""))
        return web.Response(
            body=json.dumps(answer, default=_encode),
            headers={"Content-Type": "application/x-amz-json-1.1", **_request_id()},
        )

    async def _invoke_async(self, request: web.Request) -> web.Response:
        await self._services.prepare()
        try:
            accepted = await self._services.runtime.invoke_async(
                request.match_info["name"], await self._call(request)
            )
        except NoAnswer:
            return await self.silence.keep(request)
        headers = {"X-Amzn-SageMaker-OutputLocation": str(accepted.output), **_request_id()}
        if accepted.failure:
            headers["X-Amzn-SageMaker-FailureLocation"] = str(accepted.failure)
        return web.json_response(
            {"InferenceId": accepted.inference_id}, status=202, headers=headers
        )

    async def _invoke(self, request: web.Request) -> web.Response:
        await self._services.prepare()
        raise await self._services.runtime.invoke(
            request.match_info["name"], await self._call(request)
        )

    async def _call(self, request: web.Request) -> SignedRequest:
        """A call of an AWS API: AWS has an endpoint for each region, and this is one of them."""
        signed = await _signed(request)
        signed.require_region(self._services.runtime.namer.region)
        return signed


def _require_utf_8(request: web.Request) -> None:
    """Raises AwsError. aiohttp keeps other bytes as surrogates, which nothing can send on."""
    for name, value in ((":path", request.raw_path), *request.headers.items()):
        try:
            f"{name}{value}".encode()
        except UnicodeEncodeError as exc:
            code = "ValidationException" if request.path == "/" else "ValidationError"
            message = f"1 validation error detected: {name!a} must be UTF-8"
            raise AwsError(code, message) from exc


async def _signed(request: web.Request) -> SignedRequest:
    # The values of a repeated header are signed together.
    headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
    return SignedRequest(request.method, request.raw_path, headers, await request.read())


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except AwsError as exc:
        log.info("%s %s: %s", request.path, exc.code, exc.message)
        return _error(exc)
    except web.HTTPException:
        raise
    except Exception:
        log.exception("the emulator itself failed on %s", request.path)
        message = "The emulator itself failed; its log says why."
        return _error(AwsError("InternalFailure", message, 500))


def _error(error: AwsError) -> web.Response:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-ErrorType": error.code,
        **_request_id(),
    }
    # Both spellings of the message: the two APIs differ, and clients read either.
    document = {"__type": error.code, "message": error.message}
    return web.Response(body=json.dumps(document), status=error.status, headers=headers)


def _request_id() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid4())}


def _encode(value: Any) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"not JSON: {value!r}")
