"""The emulator's own interface, below /_emulator/."""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from aiohttp import web

from async_endpoint_emulator.api.services import Current, Services
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.errors import InvalidConfiguration
from async_endpoint_emulator.faults import Faults
from async_endpoint_emulator.pace import Pace

log = logging.getLogger("sagemaker")

OWN, HEALTH = "/_emulator/", "/_emulator/health"
FORCED = ("InService", "SystemUpdating", "OutOfService", "UpdateRollbackFailed", "Failed")
MOST_TICK_SECONDS = 86_400


@dataclass(frozen=True)
class Control:
    """`reset` replaces the services. `authenticated` says whether callers prove who they are."""

    current: Current
    reset: Callable[[], Awaitable[None]]
    authenticated: bool

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(HEALTH, self._health),
            web.get("/_emulator/state", self._state),
            web.post("/_emulator/reset", self._reset),
            web.post("/_emulator/tick", self._tick),
            web.get("/_emulator/pace", self._get_pace),
            web.put("/_emulator/pace", self._put_pace),
            web.get("/_emulator/faults", self._get_faults),
            web.put("/_emulator/faults", self._put_faults),
            web.put("/_emulator/containers", self._put_containers),
            web.put("/_emulator/sessions/{key}", self._put_session),
            web.put("/_emulator/endpoints/{name}/status", self._put_status),
        ]

    @property
    def _services(self) -> Services:
        return self.current.services

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _state(self, request: web.Request) -> web.Response:
        loads = self._services.endpoints.loads()
        endpoints = {
            each.name: {
                "status": each.status,
                "backlog": each.waiting,
                "in_process": each.in_process,
                "oldest_seconds": each.oldest_seconds,
                "instances": each.instances,
                "desired": dict(each.desired),
            }
            for each in loads
        }
        backlog = sum(each.waiting for each in loads)
        counters = asdict(self._services.counters)
        return web.json_response({**counters, "backlog": backlog, "endpoints": endpoints})

    async def _reset(self, request: web.Request) -> web.Response:
        """Ends every endpoint at once. The emulator is as it was when it started."""
        await self.reset()
        log.info("reset")
        return web.Response(status=204)

    async def _tick(self, request: web.Request) -> web.Response:
        """`{"seconds": 60}`: what is due within a minute is due now."""
        match await _json(request):
            case {"seconds": int() | float() as seconds} if 0 < seconds <= MOST_TICK_SECONDS:
                await self._services.tick(seconds)
                return web.Response(status=204)
        return _refuse(f"seconds: more than 0, at most {MOST_TICK_SECONDS}")

    async def _get_pace(self, request: web.Request) -> web.Response:
        return web.json_response({"time_factor": self._services.pace.time_factor})

    async def _put_pace(self, request: web.Request) -> web.Response:
        """`{"time_factor": 0.01}`: the minutes of alarms and cooldowns take 0.6 seconds."""
        match await _json(request):
            case {"time_factor": int() | float() as factor} if 0 <= factor <= 100:
                self._services.pace.time_factor = Pace.of(factor).time_factor
                log.info("pace: %s", self._services.pace.time_factor)
                return await self._get_pace(request)
        return _refuse("time_factor: 0 to 100, please")

    async def _get_faults(self, request: web.Request) -> web.Response:
        return web.json_response(asdict(self._services.faults.faults))

    async def _put_faults(self, request: web.Request) -> web.Response:
        try:
            faults = read_document(Faults, json.loads(await request.read()))
        except (ValueError, InvalidConfiguration) as exc:
            return _refuse(str(exc))
        self._services.faults.replace(faults)
        log.info("faults: %s", faults)
        return web.json_response(asdict(faults))

    async def _put_containers(self, request: web.Request) -> web.Response:
        """`{"my-image:": "python serve.py"}`: commands of further images, before the others."""
        if not self.authenticated:
            return _refuse(
                "the emulator takes commands from authenticated callers alone, and does not "
                "authenticate them with --authorise none",
                403,
            )
        commands = await _json(request)
        if not isinstance(commands, dict) or not all(
            isinstance(command, str) for command in commands.values()
        ):
            return _refuse("an object of commands by the regular expressions of images, please")
        try:
            self._services.images.add(commands)
        except InvalidConfiguration as exc:
            return _refuse(str(exc))
        return web.Response(status=204)

    async def _put_session(self, request: web.Request) -> web.Response:
        """`{"role": "arn:…:role/…", "session_name": "…"}`: whose the access key is. With
        `secret_access_key`, its signatures are checked."""
        match await _json(request):
            case {"role": str(role), "session_name": str(name), **more} if (
                ":role/" in role and isinstance(secret := more.get("secret_access_key"), str | None)
            ):
                self._services.authoriser.admit(request.match_info["key"], name, role, secret)
                return web.Response(status=204)
        return _refuse("role (its ARN) and session_name, please")

    async def _put_status(self, request: web.Request) -> web.Response:
        """`{"status": "SystemUpdating"}`: a status that no AWS API sets."""
        match await _json(request):
            case {"status": str(status)} if status in FORCED:
                self._services.endpoints.force_status(request.match_info["name"], status)
                return web.Response(status=204)
        return _refuse(f"status: {', '.join(FORCED)}, please")


async def _json(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except ValueError:
        return None


def _refuse(message: str, status: int = 400) -> web.Response:
    return web.json_response({"message": message}, status=status)
