"""Brings the application up on a local stack: parts, model, `sam build`, `sam deploy`."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.stack.clients import Clients
from local.stack.deployment import Deployment
from local.stack.environment import write_environment_file
from local.stack.settings import StackSettings
from local.stack.stack import Stack


@dataclass(frozen=True, slots=True)
class Narrator:
    """Tells a person what happened, each line with the seconds since the beginning."""

    write: Callable[[str], None] = print
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def __call__(self, text: str) -> None:
        self.write(f"{self.seconds:6.1f} s  {text}")


def bring_up(
    settings: StackSettings,
    model: Path | str,
    report: Callable[[str], None],
    during_deploy: Callable[[Callable[[], None]], None] | None = None,
    parameters: Mapping[str, str] | None = None,
    before_deploy: Callable[[], None] = lambda: None,
) -> Mapping[str, str]:
    """Starts what does not run, deploys the code as it is now, and returns the stack's outputs.

    `model` is a model.tar.gz, or the URI of one in the stack; empty where the image has the model.
    `during_deploy` is called while `sam deploy` works, with a check to call while it waits.
    `parameters` are the template's, where its defaults are not wanted.
    `before_deploy` is called when the parts of the stack run.

    Raises:
        LocalStackError: anything failed. A stack that ran before still runs; a stack that was
            started here is left to the caller to stop.
    """
    stack = Stack(settings, report)
    if not stack.running:
        stack.start()
    deployment = Deployment(settings, Clients(settings), meanwhile=stack.check)
    deployment.build()
    report("sam build is done")
    model_data_url = deployment.upload_model(model) if isinstance(model, Path) else model
    report(f"the model is at {model_data_url}" if model_data_url else "the image has the model")
    before_deploy()
    own = {"RollOutUploads": "true", "CreateDashboard": "true"}
    given = {**own, **dict(settings.parameters), **(parameters or {})}
    deploy = deployment.start_deploy(model_data_url, given)
    if during_deploy:
        during_deploy(deployment.still_deploying(deploy))
    outputs = deployment.finish_deploy(deploy)
    report(f"sam deploy is done, the endpoint {outputs['EndpointName']} is in service")
    write_environment_file(settings)
    return outputs


def train_model(settings: StackSettings) -> Path:
    """Trains the model and returns its model.tar.gz; the same data give the same bytes."""
    # Imported here: the model's libraries are large, and no other command needs them.
    from local.model.data import training_rows
    from local.model.training import pack, train

    return pack(train(training_rows()), settings.directory / "model")
