"""Runs clients of others against the emulator, and records what ran: `make clients`.

Each client takes an endpoint through its whole life, as its own documentation shows. What it did is
then looked at from outside: its notification has arrived, and nothing of it is left.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from moto.server import ThreadedMotoServer

from tests.clients.record import RESULTS, Result
from tests.integration.emulator.conftest import QUICK, running_emulator, variables
from tests.support.emulator.stack import SCRIPTED, Clients, Stack, free_port

HERE = Path(__file__).parent
_SERVICES = ("SAGEMAKER", "SAGEMAKER_RUNTIME", "APPLICATION_AUTO_SCALING")
_KEY = "inputs/größe.json"
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Client:
    """`command` runs its life, `version` prints its version; `ascii` says that it cannot send
    another location."""

    name: str
    command: Sequence[str]
    version: Sequence[str]
    ascii: bool = False


def clients(environments: Path) -> list[Client]:
    """The clients with the environments that `make clients` has made."""
    v2, core, node = (environments / each for each in ("clients-v2", "clients-core", "clients-js"))
    show = "from importlib.metadata import version; print(version('{}'))"
    modules = node / "node_modules"
    return [
        Client(
            "AWS CLI 1",
            ["bash", str(HERE / "life.sh")],
            [str(v2 / "bin/python"), "-c", show.format("awscli")],
        ),
        Client(
            "SageMaker Python SDK 2",
            [str(v2 / "bin/python"), str(HERE / "sdk_v2.py")],
            [str(v2 / "bin/python"), "-c", show.format("sagemaker")],
        ),
        Client(
            "sagemaker-core 2",
            [str(core / "bin/python"), str(HERE / "core.py")],
            [str(core / "bin/python"), "-c", show.format("sagemaker-core")],
        ),
        Client(
            "AWS SDK for JavaScript 3",
            ["node", str(node / "life.mjs")],
            ["node", "-p", f"require('{modules}/@aws-sdk/client-sagemaker/package.json').version"],
            ascii=True,
        ),
    ]


def main() -> int:
    """Return 1 if a client failed; the others are run and recorded all the same."""
    parser = argparse.ArgumentParser("python -m tests.clients", description=__doc__)
    parser.add_argument("--environments", type=Path, default=Path(".venv"))
    arguments = parser.parse_args()
    results = [run(client, arguments.environments) for client in clients(arguments.environments)]
    RESULTS.write_text(json.dumps([each.to_json() for each in results], indent=2) + "\n")
    for each in results:
        print(f"{each.client} {each.version}: {each.outcome}")
    return int(any(not each.passed for each in results))


def run(client: Client, environments: Path) -> Result:
    """The life of an endpoint of its own, on servers of its own."""
    version = subprocess.run(client.version, capture_output=True, text=True, check=True).stdout
    with (
        tempfile.TemporaryDirectory() as directory,
        _stack(Path(directory)) as (stack, environment),
    ):
        path = os.pathsep.join(
            (str((environments / "clients-v2/bin").resolve()), environment["PATH"])
        )
        done = subprocess.run(
            [str(Path(part).absolute()) if os.sep in part else part for part in client.command],
            env={**environment, "PATH": path, "HOME": directory, "NODE_NO_WARNINGS": "1"},
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        key = _KEY if not client.ascii else "inputs/a.json"
        outcome = _judge(stack, key) if done.returncode == 0 else done.stderr.strip()[-800:]
    return Result(client.name, version.strip(), f"{datetime.now(UTC):%Y-%m-%d}", outcome)


def _judge(stack: Stack, key: str) -> str:
    """`passed`, or what is wrong."""
    notified = [json.loads(text) for text in stack.notifications(stack.successes)]
    locations = [each["requestParameters"]["inputLocation"] for each in notified]
    if locations != [f"s3://{stack.bucket}/{key}"]:
        return f"notifications of {locations}"
    plane = stack.sagemaker
    left = [
        *plane.list_endpoints()["Endpoints"],
        *plane.list_endpoint_configs()["EndpointConfigs"],
        *plane.list_models()["Models"],
    ]
    return f"left behind: {left}" if left else "passed"


@contextmanager
def _stack(directory: Path) -> Iterator[tuple[Stack, Mapping[str, str]]]:
    """Resources on servers of their own, and the environment in which a client finds them."""
    moto = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    moto.start()
    moto_url = "http://{}:{}".format(*moto.get_host_and_port())
    artifact = directory / "model.tar.gz"
    tarfile.open(artifact, "w:gz").close()
    try:
        with running_emulator(moto_url, directory, json.dumps(QUICK)) as (url, _):
            made = Clients(moto_url, url)
            stack = Stack(made, artifact)
            locations = [stack.upload(b"{}", key) for key in (_KEY, "inputs/a.json")]
            yield stack, _environment(stack, moto_url, url, locations)
            made.close()
    finally:
        moto.stop()


def _environment(
    stack: Stack, moto_url: str, url: str, locations: Sequence[str]
) -> Mapping[str, str]:
    return {
        **{name: value for name, value in variables(moto_url).items() if name != "PYTHONPATH"},
        **{f"AWS_ENDPOINT_URL_{service}": url for service in _SERVICES},
        "AWS_REGION": "us-east-1",
        "NAME": stack.name,
        "BUCKET": stack.bucket,
        "IMAGE": SCRIPTED,
        "ARTIFACT": f"s3://{stack.bucket}/models/model.tar.gz",
        "ROLE_ARN": stack.role_arn,
        "TOPIC": stack.success_topic,
        "OUTPUT": f"s3://{stack.bucket}/outputs/",
        "LOCATION": locations[0],
        "ASCII_LOCATION": locations[1],
    }


if __name__ == "__main__":
    sys.exit(main())
