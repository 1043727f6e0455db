"""HTTP: AWS's APIs on one port, and the emulator's own under /_emulator/."""

import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

from async_endpoint_emulator.api.endpoints import Endpoints
from async_endpoint_emulator.api.identity import Authoriser
from async_endpoint_emulator.api.origin import refusal
from async_endpoint_emulator.api.runtime import Runtime
from async_endpoint_emulator.api.signature import SignedRequest
from async_endpoint_emulator.api.silence import Silence
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.errors import AwsError, InvalidConfiguration, NoAnswer
from async_endpoint_emulator.faults import FaultInjector, Faults
from async_endpoint_emulator.pace import Pace
from async_endpoint_emulator.validation import Document

log = logging.getLogger("sagemaker")

# More than any valid request has, so that too large ones get AWS's refusal and not the server's.
_MAX_REQUEST_BYTES = 16 * 1024 * 1024
_OWN, _HEALTH = "/_emulator/", "/_emulator/health"
FORCED = ("InService", "SystemUpdating", "OutOfService", "UpdateRollbackFailed", "Failed")

Api = Callable[[str, object, SignedRequest], Awaitable[Document]]
"""Runs an operation, given its name, its parameters and the request that names its caller."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Server:
    """The routes.

    `apis` are the JSON APIs by the prefix of their `X-Amz-Target`; `prepare` is awaited before each
    call of an AWS API; `hosts` are the values of Host that mean this server.
    """

    apis: Mapping[str, Api]
    endpoints: Endpoints
    runtime: Runtime
    authoriser: Authoriser
    faults: FaultInjector
    counters: Counters
    pace: Pace
    prepare: Callable[[], Awaitable[None]]
    hosts: Collection[str]
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
                web.get(_HEALTH, self._health),
                web.get("/_emulator/state", self._state),
                web.get("/_emulator/faults", self._get_faults),
                web.put("/_emulator/faults", self._put_faults),
                web.put("/_emulator/pace", self._put_pace),
                web.put("/_emulator/sessions/{key}", self._put_session),
                web.put("/_emulator/endpoints/{name}/status", self._put_status),
            ]
        )
        app.on_shutdown.append(self.silence.end)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse web pages everywhere, and on the emulator's own routes whoever is not root."""
        _require_utf_8(request)
        if reason := refusal(request.headers, self.hosts):
            log.info("refused %s %s: %s", request.method, request.path, reason)
            return web.json_response({"message": reason}, status=403)
        if request.path.startswith(_OWN) and request.path != _HEALTH:
            await self.authoriser.require_root(await _signed(request))
        return await handler(request)

    async def _control(self, request: web.Request) -> web.Response:
        target = request.headers.get("X-Amz-Target", "")
        prefix, _, operation = target.partition(".")
        api = self.apis.get(prefix)
        if api is None:
            raise AwsError("UnknownOperationException", f"Not an operation: {target!r}", 404)
        try:
            document = json.loads(await request.read() or b"{}")
            # A lone surrogate, written as an escape, is no text.
            json.dumps(document, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as exc:
            raise AwsError("SerializationException", f"The body is not JSON: {exc}") from exc
        await self.prepare()
        answer = await api(operation, document, await self._call(request))
        if not operation.startswith(("Describe", "List")):
            log.info("%s %s", operation, next(iter(document.values()), ""))
        return web.Response(
            body=json.dumps(answer, default=_encode),
            headers={"Content-Type": "application/x-amz-json-1.1", **_request_id()},
        )

    async def _invoke_async(self, request: web.Request) -> web.Response:
        await self.prepare()
        try:
            accepted = await self.runtime.invoke_async(
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
        await self.prepare()
        raise await self.runtime.invoke(request.match_info["name"], await self._call(request))

    async def _call(self, request: web.Request) -> SignedRequest:
        """A call of an AWS API: AWS has an endpoint for each region, and this is one of them."""
        signed = await _signed(request)
        signed.require_region(self.runtime.namer.region)
        return signed

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _state(self, request: web.Request) -> web.Response:
        loads = self.endpoints.loads()
        endpoints = {
            each.name: {
                "status": each.status,
                "backlog": each.waiting,
                "in_process": each.in_process,
                "instances": each.instances,
            }
            for each in loads
        }
        backlog = sum(each.waiting for each in loads)
        counters = asdict(self.counters)
        return web.json_response({**counters, "backlog": backlog, "endpoints": endpoints})

    async def _get_faults(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self.faults.faults))

    async def _put_faults(self, request: web.Request) -> web.Response:
        try:
            faults = read_document(Faults, json.loads(await request.read()))
        except (ValueError, InvalidConfiguration) as exc:
            return web.json_response({"message": str(exc)}, status=400)
        self.faults.replace(faults)
        log.info("faults: %s", faults)
        return web.json_response(asdict(faults))

    async def _put_pace(self, request: web.Request) -> web.Response:
        """`{"time_factor": 0.01}`: the minutes of alarms and cooldowns take 0.6 seconds."""
        match await _json(request):
            case {"time_factor": int() | float() as factor} if 0 <= factor <= 100:
                self.pace.time_factor = Pace.of(factor).time_factor
                log.info("pace: %s", self.pace.time_factor)
                return web.json_response({"time_factor": self.pace.time_factor})
        return web.json_response({"message": "time_factor: 0 to 100, please"}, status=400)

    async def _put_session(self, request: web.Request) -> web.Response:
        """`{"role": "arn:…:role/…", "session_name": "…"}`: whose the access key is. With
        `secret_access_key`, its signatures are checked."""
        match await _json(request):
            case {"role": str(role), "session_name": str(name), **more} if (
                ":role/" in role and isinstance(secret := more.get("secret_access_key"), str | None)
            ):
                self.authoriser.admit(request.match_info["key"], name, role, secret)
                return web.Response(status=204)
        return web.json_response({"message": "role (its ARN) and session_name, please"}, status=400)

    async def _put_status(self, request: web.Request) -> web.Response:
        """`{"status": "SystemUpdating"}`: a status that no AWS API sets."""
        match await _json(request):
            case {"status": str(status)} if status in FORCED:
                self.endpoints.force_status(request.match_info["name"], status)
                return web.Response(status=204)
        return web.json_response({"message": f"status: {', '.join(FORCED)}, please"}, status=400)


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


async def _json(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except ValueError:
        return None


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
