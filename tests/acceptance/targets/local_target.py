"""The local stack as a target: the same APIs, and an emulator that lets time pass sooner."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3

from local.stack.deployment import ARTIFACT_BUCKET
from local.stack.emulator import set_pace
from local.stack.settings import REGION, STACK_NAME
from tests.acceptance.targets.sam import Sam
from tests.acceptance.targets.target import Pace, Target
from tests.support.stack import RunningStack

# A minute of alarms and cooldowns takes this part of one.
_FAST, _USUAL = 0.01, 0.05
_SAM_SECONDS = 180


class LocalTarget(Target):
    """A stack that runs on this machine, with nothing but the variables that it exports."""

    name = "local"
    stack_name = STACK_NAME
    pace = Pace(
        patience=1, pause=0.1, lag=0, change_seconds=180, scaling_seconds=45, test_seconds=420
    )

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            with self._stack.variables():
                self._clients[service] = boto3.Session().client(service)  # type: ignore[call-overload]
        return self._clients[service]

    def sam_deploy(self, stack_name: str, parameters: Mapping[str, str]) -> None:
        with self._stack.variables():
            sam = Sam(self._stack.directory / stack_name, dict(os.environ), ("--region", REGION))
        template = self._stack.settings.sam_directory / "build" / "template.yaml"
        given = {
            "ModelDataUrl": self.artifact,
            "RollOutUploads": "true",
            **parameters,
        }
        sam.deploy(template, stack_name, ARTIFACT_BUCKET, given, _SAM_SECONDS)

    @property
    def artifact(self) -> str:
        return self._stack.artifact

    @contextmanager
    def hurried(self) -> Iterator[None]:
        set_pace(self._stack.settings, _FAST)
        try:
            yield
        finally:
            set_pace(self._stack.settings, _USUAL)
