"""The commands of `python -m local`. Each ends with one message and leaves nothing behind."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalStackError
from local.machine import interruption, private, processes
from local.machine.interruption import Interrupted
from local.machine.lock import exclusive
from local.stack.clients import Clients
from local.stack.deployment import stack_outputs
from local.stack.environment import as_it_runs
from local.stack.own_model import OwnModel
from local.stack.settings import StackSettings
from local.stack.stack import Stack
from local.stack.up import Narrator, bring_up, train_model


def main(arguments: Sequence[str]) -> int:
    return perform(_parse(arguments))


def perform(command: Callable[[StackSettings], int]) -> int:
    """Runs a command; returns its exit code, or prints what ended it and returns that one's."""
    interruption.install()
    os.umask(0o077)
    try:
        settings = StackSettings.from_environment(os.environ)
        private.make_directory(settings.directory)
        return command(settings)
    except LocalStackError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"\nerror: a part of the stack answered unexpectedly: {error}", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print(f"\nended by {interrupted}", file=sys.stderr)
        return interrupted.exit_code


def up(settings: StackSettings, own: OwnModel | None = None) -> int:
    """Starts the stack and deploys; on a stack that runs, deploys the code as it is now."""
    with exclusive(settings.directory):
        stack = Stack(settings)
        stack.check_ports_kept()
        ran_before = stack.running
        if ran_before:
            print("the local stack is running: building and deploying again")
        try:
            outputs = _bring_up(settings, own)
        except BaseException:
            if not ran_before:
                _stop(settings)
            raise
    print(_directions(settings, outputs))
    return 0


def _bring_up(settings: StackSettings, own: OwnModel | None) -> Mapping[str, str]:
    if own is None:
        return bring_up(settings, train_model(settings), Narrator())
    try:
        return bring_up(
            settings,
            own.artifact(settings),
            Narrator(),
            parameters=own.parameters,
            before_deploy=lambda: own.register(settings),
        )
    except LocalStackError as error:
        if not own.server:
            raise
        log = settings.logs / "sagemaker.log"
        raise LocalStackError(f"{error}\nWhat the model server wrote is in {log}") from error


def down(settings: StackSettings) -> int:
    """Stops every part that was recorded."""
    with exclusive(settings.directory):
        stopped = Stack(settings).stop()
    print(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")
    return 0


def status(settings: StackSettings) -> int:
    """Says what runs, and on which ports; the exit code is 0 when everything does."""
    settings = as_it_runs(settings)
    stack = Stack(settings)
    records = {record.name: record for record in processes.read_records(settings.records)}
    for part in stack.parts:
        record = records.get(part.name)
        alive = record is not None and record.alive
        state = f"runs as process {record.pid}" if record and alive else "does not run"
        print(f"{part.name:<10} {state}, port {part.port}")
    if not stack.running:
        return 1
    for name, value in stack_outputs(Clients(settings)).items():
        print(f"{name:<32} {value}")
    return 0


def demo(settings: StackSettings) -> int:
    """Runs the whole pipeline once, beside any stack that is up."""
    from local.demo.run import run

    return run(settings)


_COMMANDS: Mapping[str, Callable[[StackSettings], int]] = {
    "up": up,
    "down": down,
    "demo": demo,
    "status": status,
}


def _parse(arguments: Sequence[str]) -> Callable[[StackSettings], int]:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="The whole pipeline on this machine, without an AWS account.",
        epilog="Environment: RELAY_LOCAL_DIR (default .local in the repository), RELAY_AWS_PORT "
        "(4566), RELAY_SAGEMAKER_PORT (4567): a second stack needs its own three. RELAY_PARAMETERS "
        "are the template's, as a JSON object.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        commands.add_parser(name, help=command.__doc__).set_defaults(command=command)
    add = commands.choices["up"].add_argument
    add("--model", default="", help="a file, a directory, or an S3 URI in the stack")
    add("--server", default="", help="command of a model server of your own")
    add("--directory", default="", help="where the server runs (the current directory)")
    add("--content-type", default="", help="content type of requests that state none")
    options = vars(parser.parse_args(arguments))
    chosen: Callable[[StackSettings], int] = options.pop("command")
    if chosen is up:
        return lambda settings: up(settings, OwnModel.from_options(**options))
    return chosen


def _stop(settings: StackSettings) -> None:
    if stopped := Stack(settings).stop():
        print(f"stopped {', '.join(stopped)}", file=sys.stderr)


def _directions(settings: StackSettings, outputs: Mapping[str, str]) -> str:
    bucket = outputs["DataBucketName"]
    queue = outputs["CompletedQueueUrl"]
    return "\n".join(
        (
            "",
            *(f"  {name:<32} {value}" for name, value in sorted(outputs.items())),
            "",
            "The stack runs until `make down`. In a shell:",
            "",
            f"  source {shlex.quote(str(settings.environment_file))}",
            "  relayctl submit examples/order.csv --wait",
            "  relayctl tail",
            "  relayctl console    # the stack as a page in a browser",
            "",
            "With the AWS CLI, version 2.13.0 or newer, or any AWS SDK:",
            "",
            f"  aws s3 cp row.csv s3://{bucket}/inputs/row.csv",
            f"  aws sqs receive-message --wait-time-seconds 10 --queue-url {queue}",
            "",
            f"Logs are in {settings.logs}. `make up` again deploys changed code.",
        )
    )
