"""An emulator of SageMaker asynchronous endpoints. Its AWS is at AWS_ENDPOINT_URL."""

import argparse
import asyncio
import errno
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

import aiohttp
from aiohttp import web
from botocore.credentials import Credentials

from async_endpoint_emulator import __version__
from async_endpoint_emulator.api.control_plane import ControlPlane
from async_endpoint_emulator.api.credentials import ask
from async_endpoint_emulator.api.identity import (
    Authoriser,
    Identities,
    SimulatedPolicies,
    Unrestricted,
    allow,
)
from async_endpoint_emulator.api.origin import own_hosts
from async_endpoint_emulator.api.runtime import Runtime
from async_endpoint_emulator.api.server import Server
from async_endpoint_emulator.autoscaling.alarms import Alarms, TrackingAlarms
from async_endpoint_emulator.autoscaling.api import Scaling
from async_endpoint_emulator.autoscaling.loop import ScalingLoop
from async_endpoint_emulator.autoscaling.metrics import Metrics, MetricsPublisher
from async_endpoint_emulator.autoscaling.registry import Registry
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.deployments.alarms import alarm_states
from async_endpoint_emulator.deployments.events import EventBus
from async_endpoint_emulator.deployments.lifecycle import Lifecycle
from async_endpoint_emulator.deployments.roles import can_be_assumed
from async_endpoint_emulator.deployments.transitions import Transitions
from async_endpoint_emulator.deployments.variants import Platform
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.errors import InvalidConfiguration
from async_endpoint_emulator.faults import FaultInjector
from async_endpoint_emulator.inference.artifacts import check_artifact
from async_endpoint_emulator.inference.container_logs import ContainerLogs
from async_endpoint_emulator.inference.containers import KnownImages
from async_endpoint_emulator.inference.data_plane import DataPlane
from async_endpoint_emulator.inference.hosts import Processes, ProcessHost
from async_endpoint_emulator.inference.meters import Meters
from async_endpoint_emulator.inference.processing import Processor
from async_endpoint_emulator.inference.warden import Warden
from async_endpoint_emulator.log_lines import OneLine
from async_endpoint_emulator.pace import Pace
from async_endpoint_emulator.resources import Container, Namer

NAME = "async-endpoint-emulator"
log = logging.getLogger("sagemaker")

# More than any valid header has, so that too long ones get AWS's refusal and not the server's.
MAX_HEADER_BYTES = 64 * 1024


class CannotListen(Exception):
    """The address cannot be bound. The message says what to do."""


def main() -> int:
    """Runs until SIGTERM or SIGINT. Exit code 2: cannot start, with one line that says why."""
    arguments = _arguments()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s sagemaker %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    work: Path = arguments.work_dir or Path(tempfile.gettempdir())
    created = not work.exists()
    work.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix="sagemaker-", dir=work)).resolve()
    try:
        config = _config(arguments.config)
        asyncio.run(_serve(config, arguments, own))
    except InvalidConfiguration as exc:
        return _refuse(f"the configuration {arguments.config} cannot be used: {exc}")
    except CannotListen as exc:
        return _refuse(str(exc))
    finally:
        shutil.rmtree(own, ignore_errors=True)
        if created and not any(work.iterdir()):
            work.rmdir()
    return 0


async def _serve(config: Config, arguments: argparse.Namespace, work_directory: Path) -> None:
    host, port = arguments.host, arguments.port
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    aws = Aws(os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    faults, counters = FaultInjector(), Counters()
    # One connection for each request: a kept one that a container closes would look like a failure.
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as http:
        images = KnownImages(config.containers)
        simulate = arguments.authorise == "simulate"
        logs, warden = ContainerLogs(aws, config.logs_seconds), Warden(work_directory)
        processes = Processes(aws, config, images, http, work_directory, logs, warden, simulate)
        namer = Namer(aws.region)
        data_plane = DataPlane(aws, os.environ.get("AWS_CA_BUNDLE"))
        meters = Meters()
        processor = Processor(data_plane, aws.region, config, faults, counters, meters)
        platform = Platform(config, partial(ProcessHost, processes), processor)
        roles, alarms = partial(can_be_assumed, aws), partial(alarm_states, aws)
        bus = EventBus(aws, counters, config.events_per_change, faults)
        pace = Pace.of(config.time_factor)
        transitions = Transitions(platform, alarms, bus.announce, faults, pace)
        lifecycle = Lifecycle(platform, roles, alarms, transitions)
        if simulate:
            root = Credentials(
                os.environ.get("AWS_ACCESS_KEY_ID", "test"),
                os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
            )
            address: str | None = arguments.credentials
            callers = Identities(aws, root, partial(ask, root, address) if address else None)
            policies = SimulatedPolicies(aws, config.decision_seconds)
            authoriser = Authoriser(callers, policies.decide)
        else:
            authoriser = Authoriser(Unrestricted(), allow)
        artifacts = partial(check_artifact, aws) if config.create_model_checks_artifact else trust
        control_plane = ControlPlane(
            lifecycle, roles, artifacts, authoriser, faults, namer, config.instance_quota
        )
        endpoints = control_plane.endpoints.all
        runtime = Runtime(endpoints, authoriser, config, faults, counters, namer)

        metrics = Metrics(meters)
        registry = Registry(namer)
        control_plane.endpoints.is_scalable_target = registry.is_registered
        scaling = Scaling(registry, endpoints, authoriser, aws, TrackingAlarms(aws))
        scaling_loop = ScalingLoop(registry, control_plane.endpoints, Alarms(aws, metrics, pace))
        publisher = MetricsPublisher(aws, metrics, config.metrics_seconds)

        async def prepare() -> None:
            # Not before: the emulator may be started while its AWS stand-in still comes up.
            namer.account = await aws.account()

        apis = {"SageMaker": control_plane.call, "AnyScaleFrontendService": scaling.call}
        server = Server(
            apis,
            control_plane.endpoints,
            runtime,
            authoriser,
            faults,
            counters,
            pace,
            prepare,
            own_hosts(port, host, *arguments.host_name),
        )
        background: list[asyncio.Task[None]] = []
        runner = web.AppRunner(
            server.application(), access_log=None, max_field_size=MAX_HEADER_BYTES
        )
        await runner.setup()
        try:
            await _listen(runner, host, port)
            background += [
                asyncio.create_task(each.run()) for each in (scaling_loop, publisher, logs)
            ]
            await stop.wait()
            log.info("stopping")
        finally:
            for task in background:
                task.cancel()
            await runner.cleanup()
            await transitions.close(list(endpoints))
            warden.close()
            await logs.close()
            await processor.publisher.close()
            await data_plane.close()
            aws.close()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise CannotListen(f"port {port} is taken; choose another with --port") from exc
        raise CannotListen(f"cannot listen on {host}, port {port}: {exc.strerror}") from exc
    log.info("listening on http://%s:%d", host, port)


async def trust(role_arn: str, container: Container) -> None:
    """CreateModel does not look at the artifact."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(NAME, description=__doc__)
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=4567, help="port to listen on (%(default)s)")
    parser.add_argument(
        "--work-dir",
        type=Path,
        help="directory of the models' files, deleted at the end (that of temporary files)",
    )
    parser.add_argument("--config", type=Path, help="JSON file: durations, choices, containers")
    parser.add_argument(
        "--authorise",
        choices=("simulate", "none"),
        default="simulate",
        help="ask IAM's policy simulator about every call, or allow every call (%(default)s)",
    )
    parser.add_argument(
        "--credentials",
        metavar="URL",
        help="where the AWS stand-in says whose an access key is: README.md has the answer's form",
    )
    parser.add_argument(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name beside 127.0.0.1 and localhost under which clients call; several times",
    )
    return parser.parse_args()


def _config(path: Path | None) -> Config:
    if path is None:
        return Config()
    try:
        return read_document(Config, json.loads(path.read_text()))
    except (OSError, ValueError) as exc:
        raise InvalidConfiguration(str(exc)) from exc


def _refuse(message: str) -> int:
    print(f"{NAME}: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
