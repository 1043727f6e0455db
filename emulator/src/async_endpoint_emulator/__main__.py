"""SageMaker asynchronous endpoints on this machine. The rest of AWS is at AWS_ENDPOINT_URL."""

import argparse
import asyncio
import errno
import json
import logging
import os
import re
import secrets
import shutil
import signal
import stat
import sys
import tempfile
import threading
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from async_endpoint_emulator import __version__
from async_endpoint_emulator.api.callers.origin import own_hosts, with_brackets
from async_endpoint_emulator.api.control import Control
from async_endpoint_emulator.api.server import Server
from async_endpoint_emulator.api.services import Current, Services
from async_endpoint_emulator.aws import Aws
from async_endpoint_emulator.config import Config
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.errors import InvalidConfiguration
from async_endpoint_emulator.inference.data_plane import DataPlane
from async_endpoint_emulator.log_lines import OneLine
from async_endpoint_emulator.model_servers.container_logs import ContainerLogs
from async_endpoint_emulator.model_servers.own_servers import OwnServers
from async_endpoint_emulator.model_servers.warden import Warden
from async_endpoint_emulator.world import Ground, Renewal, World

NAME = "async-endpoint-emulator"
log = logging.getLogger("sagemaker")

# More than any valid header has, so that too long ones get AWS's refusal and not the server's.
MAX_HEADER_BYTES = 64 * 1024
_GRACE_SECONDS = 5.0
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
# A descriptor, such as /dev/fd/3, has no suffix.
_READERS = {".toml": tomllib.loads, ".json": json.loads, "": json.loads}


class CannotStart(Exception):
    """The message says what to do."""


def main() -> int:
    """Runs until SIGTERM or SIGINT. Exit code 2: cannot start, with one line that says why."""
    arguments = read_arguments()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s sagemaker %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    work: Path = arguments.work_dir or Path(tempfile.gettempdir())
    created = not work.exists()
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        return _refuse(f"--work-dir {work} cannot be made: {exc.strerror}")
    own = work.resolve() / f"sagemaker-{secrets.token_hex(8)}"
    try:
        check_options(arguments)
        config = read_config(arguments.config)
        asyncio.run(_serve(config, arguments, own))
    except InvalidConfiguration as exc:
        return _refuse(f"the configuration {arguments.config} cannot be used: {exc}")
    except CannotStart as exc:
        return _refuse(str(exc))
    finally:
        shutil.rmtree(own, ignore_errors=True)
        if created and not any(work.iterdir()):
            work.rmdir()
    if threading.active_count() > 1:  # in calls that the stand-in may never answer
        logging.shutdown()
        os._exit(0)
    return 0


async def _serve(config: Config, arguments: argparse.Namespace, directory: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if arguments.stop_at_eof:
        await _stop_at_eof(stop)
    async with _ground(config, arguments, directory) as ground:
        world = World(ground)
        current = Current(world.start())

        def take(services: Services) -> None:
            current.services = services

        renewal = Renewal(world, take)
        server = Server(current, Control(current, renewal, ground.authenticated))
        runner = web.AppRunner(
            server.application(),
            access_log=None,
            max_field_size=MAX_HEADER_BYTES,
            shutdown_timeout=_GRACE_SECONDS,  # of calls under way, such as a long tick
        )
        await runner.setup()
        try:
            port = await _listen(runner, arguments.host, arguments.port)
            server.hosts = own_hosts(port, arguments.host, *arguments.host_name)
            await stop.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()
            await renewal.world.close(_GRACE_SECONDS)


@asynccontextmanager
async def _ground(
    config: Config, arguments: argparse.Namespace, directory: Path
) -> AsyncIterator[Ground]:
    ca_bundle = os.environ.get("AWS_CA_BUNDLE")
    try:
        aws = Aws(os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")
        if names := aws.services_of_aws():
            raise CannotStart(
                "AWS_ENDPOINT_URL must name a stand-in: calls would reach AWS itself, those of "
                + ", ".join(names)
            )
        data_plane = DataPlane(aws, ca_bundle)
    except (BotoCoreError, ValueError) as exc:
        raise CannotStart(f"the environment has no usable settings of AWS: {exc}") from exc
    except OSError as exc:
        raise CannotStart(f"AWS_CA_BUNDLE {ca_bundle} cannot be read: {exc.strerror}") from exc
    logs, warden = ContainerLogs(aws, config.logs_seconds), Warden(directory)
    root = Credentials(
        os.environ.get("AWS_ACCESS_KEY_ID", "test"), os.environ.get("AWS_SECRET_ACCESS_KEY", "test")
    )
    # One connection for each request: a kept one that a container closes would look like a failure.
    connector = OwnServers(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as http:
        writing = asyncio.create_task(logs.run())
        try:
            yield Ground(
                config,
                arguments.authorise,
                aws,
                http,
                data_plane,
                logs,
                warden,
                directory,
                root,
                arguments.credentials,
                arguments.docker,
            )
        finally:
            writing.cancel()
            warden.close()
            await logs.close()
            await data_plane.close()
            aws.close()


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    """Returns the port, and prints the URL, by which a program that starts this one finds it."""
    try:
        await web.TCPSite(runner, host, port).start()
    except OverflowError as exc:
        raise CannotStart(f"--port {port} must be between 0 and 65535") from exc
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise CannotStart(f"port {port} is taken; choose another with --port") from exc
        raise CannotStart(f"cannot listen on {host}, port {port}: {exc.strerror}") from exc
    bound: int = runner.addresses[0][1]
    url = f"http://{with_brackets(host)}:{bound}"
    log.info("listening on %s", url)
    print(url, flush=True)
    return bound


async def _stop_at_eof(stop: asyncio.Event) -> None:
    class Watch(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            stop.set()

    if sys.stdin is None or not _is_pipe(sys.stdin.fileno()):
        raise CannotStart("--stop-at-eof needs a pipe as standard input")
    await asyncio.get_running_loop().connect_read_pipe(Watch, sys.stdin)


def _is_pipe(descriptor: int) -> bool:
    """Whether its end can be waited for: not that of a file or of /dev/null."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        NAME,
        description=__doc__,
        epilog="Environment: AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> (moto's server or "
        "another stand-in), AWS_CA_BUNDLE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (of its "
        "root user), AWS_DEFAULT_REGION (us-east-1). Clients find the emulator by "
        "AWS_ENDPOINT_URL_SAGEMAKER, AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME and "
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING.",
    )
    add = parser.add_argument
    add("--version", action="version", version=f"{NAME} {__version__}")
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=4567, help="port to listen on (%(default)s); 0: any free one")
    add(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name beside 127.0.0.1 and localhost under which clients call; several times",
    )
    add("--config", type=Path, help="TOML or JSON file: durations, choices, containers")
    add(
        "--authorise",
        choices=("simulate", "root", "none"),
        default="simulate",
        help="ask IAM's policy simulator about every call, allow every call that root has signed, "
        "or allow every call (%(default)s)",
    )
    add(
        "--credentials",
        metavar="URL",
        help="where the AWS stand-in says whose an access key is: README.md has the answer's form",
    )
    add(
        "--docker",
        action="store_true",
        help="run images without a command in Docker; not with --authorise none",
    )
    add(
        "--work-dir",
        type=Path,
        help="directory of the models' files, deleted at the end (that of temporary files)",
    )
    add(
        "--stop-at-eof",
        action="store_true",
        help="stop when standard input ends: with the program that holds its other end",
    )
    return parser.parse_args(arguments)


def check_options(arguments: argparse.Namespace) -> None:
    """Refuses what would start, and then refuse or fail every request that needs it.

    Raises:
        CannotStart: names the option.
    """
    if arguments.docker and arguments.authorise == "none":
        raise CannotStart("--docker runs what callers name: choose another --authorise")
    if arguments.credentials is not None and not _is_url(arguments.credentials):
        raise CannotStart(
            f"--credentials {arguments.credentials} must begin with http:// or https://"
        )
    for name in arguments.host_name:
        if not _HOST_NAME.fullmatch(name):
            raise CannotStart(f"--host-name {name!r} must be a name or an address without a port")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def read_config(path: Path | None) -> Config:
    if path is None:
        return Config()
    if (read := _READERS.get(path.suffix.lower())) is None:
        raise InvalidConfiguration("the name of the file must end in .toml or .json")
    try:
        return read_document(Config, read(path.read_text()))
    except (OSError, ValueError) as exc:
        raise InvalidConfiguration(str(exc)) from exc


def _refuse(message: str) -> int:
    print(f"{NAME}: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
