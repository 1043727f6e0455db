"""Builds and deploys the application with the real `sam`, and says why when that fails."""

import hashlib
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.errors import LocalStackError
from local.machine.processes import Process
from local.stack.clients import Clients
from local.stack.servers import sam_variables
from local.stack.settings import REPOSITORY, STACK_NAME, StackSettings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

# A user's own bucket: the artifact exists before the stack does.
ARTIFACT_BUCKET = "relay-artifacts"

_BUILD_SECONDS = 600
_DEPLOY_SECONDS = 600
_IN_SERVICE_SECONDS = 120

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass
class Deployment:
    """One run of build and deploy against a stack whose parts answer.

    `meanwhile` is called again and again while `sam` works; what it raises ends the wait.
    """

    settings: StackSettings
    clients: Clients
    meanwhile: Callable[[], None]
    _started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def build(self) -> None:
        """Raises LocalStackError, with the end of its log, when `sam build` fails."""
        build = self._sam(
            "build",
            *("--template-file", REPOSITORY / "template.yaml"),
            *("--build-dir", self.settings.sam_directory / "build"),
            *("--cache-dir", self.settings.sam_directory / "cache"),
            *("--parameter-overrides", *machine_parameters()),
        )
        if build.wait(_BUILD_SECONDS, self.meanwhile):
            raise LocalStackError(f"sam build failed. {build.last_words()}")

    def upload_model(self, archive: Path) -> str:
        """Uploads model.tar.gz and returns its URI, which changes only with its content."""
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
        key = f"models/{digest}/model.tar.gz"
        self.clients.s3.create_bucket(Bucket=ARTIFACT_BUCKET)
        self.clients.s3.upload_file(str(archive), ARTIFACT_BUCKET, key)
        return f"s3://{ARTIFACT_BUCKET}/{key}"

    def start_deploy(self, model_data_url: str, parameters: Mapping[str, str]) -> Process:
        """`parameters` are the template's, where its defaults are not wanted."""
        self._started = datetime.now(UTC)
        return self._sam(
            "deploy",
            *("--template-file", self.settings.sam_directory / "build" / "template.yaml"),
            *("--parameter-overrides", *machine_parameters()),
            parameter_override("ModelDataUrl", model_data_url),
            *(parameter_override(name, value) for name, value in parameters.items()),
        )

    def still_deploying(self, deploy: Process) -> Callable[[], None]:
        """A check for whoever waits for something that the deployment creates on its way."""

        def check() -> None:
            self.meanwhile()
            if not deploy.running:
                self.finish_deploy(deploy)
                raise LocalStackError("sam deploy ended before it was expected to")

        return check

    def finish_deploy(self, deploy: Process) -> dict[str, str]:
        """Waits for `sam deploy` and for the endpoint; returns the outputs of the stack.

        Raises:
            LocalStackError: with CloudFormation's reasons, or the endpoint's.
        """
        if deploy.wait(_DEPLOY_SECONDS, self.meanwhile):
            reasons = "".join(f"\n    {reason}" for reason in self._failures())
            said = f"CloudFormation says:{reasons}" if reasons else deploy.last_words()
            raise LocalStackError(f"sam deploy failed. {said}\nAll it said is in {deploy.log}")
        outputs = stack_outputs(self.clients)
        wait_until_in_service(self.clients.sagemaker, outputs["EndpointName"], self.meanwhile)
        return outputs

    def _sam(self, command: str, *arguments: str | Path) -> Process:
        return Process.start(
            f"sam-{command}",
            (
                *(sys.executable, "-m", "samcli", command),
                *("--config-file", REPOSITORY / "samconfig.toml", "--config-env", "local"),
                *arguments,
            ),
            environment=sam_variables(self.settings),
            # SAM keeps `.aws-sam/deps`, a part of its cache, where it is started.
            directory=self.settings.sam_directory.parent,
            log=self.settings.logs / f"sam-{command}.log",
            records=self.settings.records,
        )

    def _failures(self) -> list[str]:
        """What CloudFormation says about each resource that failed just now, oldest first."""
        try:
            pages = self.clients.cloudformation.get_paginator("describe_stack_events")
            events = [
                e for page in pages.paginate(StackName=STACK_NAME) for e in page["StackEvents"]
            ]
        except ClientError:
            # No stack at all: `sam` failed before CloudFormation began, and its own log says why.
            return []
        return [
            f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
            and event.get("ResourceStatusReason")
            and event["Timestamp"] >= self._started
        ]


def wait_until_in_service(
    sagemaker: "SageMakerClient",
    endpoint_name: str,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Waits for an endpoint. Raises LocalStackError: it failed, or takes too long."""
    deadline = time.monotonic() + _IN_SERVICE_SECONDS
    while True:
        found = sagemaker.describe_endpoint(EndpointName=endpoint_name)
        status = found["EndpointStatus"]
        if status == "InService":
            return
        if status == "Failed" or time.monotonic() > deadline:
            reason = found.get("FailureReason", f"waited {_IN_SERVICE_SECONDS} s for InService")
            raise LocalStackError(f"the endpoint {endpoint_name} is {status}: {reason}")
        meanwhile()
        time.sleep(0.2)


def stack_outputs(clients: Clients) -> dict[str, str]:
    """Raises LocalStackError when the application is not deployed."""
    try:
        found = clients.cloudformation.describe_stacks(StackName=STACK_NAME)
    except ClientError as exc:
        raise LocalStackError(f"the stack {STACK_NAME} is not deployed: {exc}") from exc
    outputs = found["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def parameter_override(name: str, value: str) -> str:
    """A parameter of the template as `sam deploy --parameter-overrides` reads it."""
    escaped = value.replace('"', '\\"')
    return f'{name}="{escaped}"'


def machine_parameters(
    version: tuple[int, int] = sys.version_info[:2], machine: str = platform.machine()
) -> tuple[str, ...]:
    """The template's parameters that depend on this machine: the functions run on this very Python.

    Raises:
        LocalStackError: Lambda has no such runtime or processor.
    """
    architecture = ARCHITECTURES.get(machine.lower())
    if architecture is None:
        raise LocalStackError(f"Lambda runs on x86_64 and arm64, not on {machine}")
    if not (3, 11) <= version <= (3, 14):
        raise LocalStackError(
            f"this is Python {version[0]}.{version[1]}; the template takes 3.11 to 3.14: "
            "remove .venv and run make again with PYTHON=python3.13, for example"
        )
    return (f"PythonRuntime=python{version[0]}.{version[1]}", f"Architecture={architecture}")
