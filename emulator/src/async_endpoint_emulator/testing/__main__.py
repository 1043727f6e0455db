"""Runs a model server of one's own behind an asynchronous endpoint, until Ctrl-C.

Starts moto's server and the emulator, uploads the model, creates the endpoint, and prints the
environment variables by which AWS SDKs find it.
"""

import argparse
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from async_endpoint_emulator import __version__
from async_endpoint_emulator.client import EmulatorError
from async_endpoint_emulator.serve_in import serve_in
from async_endpoint_emulator.testing.child import ServerFailed
from async_endpoint_emulator.testing.endpoint import AsyncEndpoint, check_name
from async_endpoint_emulator.testing.sandbox import running_sandbox

NAME = "async-endpoint-sandbox"


def main() -> int:
    """Exit code 1: the endpoint did not come into service; standard error says why."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with running_sandbox(arguments.aws_url, region=arguments.region) as sandbox:
            endpoint = sandbox.deploy(
                arguments.name,
                arguments.server,
                arguments.model,
                content_type=arguments.content_type,
                environment=dict(each.split("=", 1) for each in arguments.environment),
            )
            print(_directions(sandbox.environment(), endpoint), flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except WaiterError as exc:
        notes: Sequence[str] = getattr(exc, "__notes__", [str(exc)])
        print(f"{NAME}: " + "\n".join(notes), file=sys.stderr)
    except (BotoCoreError, ClientError, EmulatorError, OSError, ServerFailed) as exc:
        print(f"{NAME}: {exc}", file=sys.stderr)
    return 1


def _directions(environment: Mapping[str, str], endpoint: AsyncEndpoint) -> str:
    content_type = endpoint.content_type or "application/octet-stream"
    return "\n".join(
        (
            *(f"export {name}={shlex.quote(value)}" for name, value in environment.items()),
            "",
            f"# The endpoint {endpoint.name} is in service until Ctrl-C. In another shell, after "
            "these lines:",
            f"aws s3 cp FILE s3://{endpoint.bucket}/inputs/",
            f"aws sagemaker-runtime invoke-endpoint-async --endpoint-name {endpoint.name} "
            f"--content-type {shlex.quote(content_type)} "
            f"--input-location s3://{endpoint.bucket}/inputs/FILE",
            f"aws sqs receive-message --wait-time-seconds 10 --queue-url {endpoint.queue_url}",
        )
    )


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(NAME, description=__doc__)
    add = parser.add_argument
    add("--version", action="version", version=f"{NAME} {__version__}")
    add("--server", required=True, help="command of the model server, run in this directory")
    add("--model", help="file or directory of the model, or an S3 URI of a model.tar.gz")
    add("--content-type", metavar="TYPE", help="content type of the inputs")
    add("--name", default="model", help="name of the endpoint (%(default)s)")
    add(
        "--environment",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="environment variable of the model server; several times",
    )
    add("--aws-url", metavar="URL", help="a stand-in for the rest of AWS, in place of moto")
    add("--region", default="us-east-1", help="(%(default)s)")
    arguments = parser.parse_args()
    for option, value, check in (
        ("--name", arguments.name, check_name),
        ("--server", arguments.server, partial(serve_in, Path.cwd())),
    ):
        try:
            check(value)
        except ValueError as exc:
            parser.error(f"{option} {value}: {exc}")
    for each in arguments.environment:
        if "=" not in each:
            parser.error(f"--environment {each}: NAME=VALUE is expected")
    if arguments.model and not arguments.model.startswith("s3://"):
        arguments.model = Path(arguments.model)
        if not arguments.model.exists():
            parser.error(f"--model {arguments.model}: no such file or directory")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
