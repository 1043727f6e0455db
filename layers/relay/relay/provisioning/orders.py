"""What people and pipelines ask for in a direct call, and what an upload amounts to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relay.errors import ConfigurationError
from relay.provisioning.deployment import WATCH_ALARMS
from relay.provisioning.rollouts import Kind

# Members of a direct call, and the properties of the custom resource that they stand for.
_CHANGES: Final = {
    "model_data_url": "ModelDataUrl",
    "model_data_version": "ModelDataVersion",
    "image_uri": "ImageUri",
    "framework": "Framework",
    "framework_version": "FrameworkVersion",
    "environment": "ModelEnvironment",
    "instance_type": "InstanceType",
    "max_concurrent_invocations_per_instance": "MaxConcurrentInvocationsPerInstance",
}
_SETTINGS: Final = {
    "strategy": "DeploymentStrategy",
    "step_percent": "DeploymentStepPercent",
    "wait_seconds": "DeploymentWaitSeconds",
    "termination_wait_seconds": "DeploymentTerminationWaitSeconds",
    "maximum_seconds": "DeploymentMaximumSeconds",
    "alarms": WATCH_ALARMS,
}
_ANYWAY: Final = ("action", "asked_by", "request_id", "deployment")
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Order:
    """A roll-out that somebody asks for, before it is known whether it can be.

    `upload` orders the uploads of artifacts; it is empty for direct calls. `id` recognises what
    comes twice; a direct call has one if its caller gives it one.
    """

    kind: Kind
    asked_by: str
    changes: Mapping[str, str]
    settings: Mapping[str, str]
    id: str = ""
    upload: str = ""


def read(members: Mapping[str, object]) -> Order:
    """A direct call, `{"action": "deploy", …}` or `{"action": "rollback", …}`.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    problems: list[str] = []
    kind = Kind(str(members["action"]))
    takes = dict(_CHANGES) if kind is Kind.DEPLOY else {}
    for name in members:
        if name not in takes and name not in _ANYWAY:
            known = ", ".join((*takes, *_ANYWAY[1:]))
            problems.append(f"{name} is not known; {kind} takes {known}")
    changes = {
        takes[name]: _text(name, value, problems)
        for name, value in members.items()
        if name in takes
    }
    settings = _settings(members.get("deployment", {}), problems)
    asked_by = members.get("asked_by", "direct call")
    request_id = members.get("request_id", "direct call")
    for name, text in (("asked_by", asked_by), ("request_id", request_id)):
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_NAME:
            problems.append(f"{name} must be a text of at most {_LONGEST_NAME} characters")
    if kind is Kind.DEPLOY and not changes and not problems:
        problems.append(f"nothing is to change; give at least one of {', '.join(_CHANGES)}")
    if problems:
        raise ConfigurationError("; ".join(problems))
    id = f"{kind} {request_id}" if "request_id" in members else ""
    return Order(kind, str(asked_by), _complete(changes), settings, id)


def of_upload(location: str, version: str, order: str) -> Order:
    """An artifact that was put under `models/`. `order` grows from one upload to the next."""
    changes = {"ModelDataUrl": location, "ModelDataVersion": version}
    digest = hashlib.sha256(f"{location} {order}".encode()).hexdigest()[:16]
    return Order(Kind.DEPLOY, f"upload of {location}", changes, {}, f"upload {digest}", order)


def _complete(changes: dict[str, str]) -> dict[str, str]:
    """What follows from a change: a new artifact has no version unless one is given with it, and a
    framework takes the place of an image."""
    if "ModelDataUrl" in changes:
        changes.setdefault("ModelDataVersion", "")
    if "Framework" in changes or "FrameworkVersion" in changes:
        changes.setdefault("ImageUri", "")
    return changes


def _settings(given: object, problems: list[str]) -> dict[str, str]:
    if not isinstance(given, Mapping):
        problems.append(f"deployment must be a JSON object with {', '.join(_SETTINGS)}")
        return {}
    unknown = [str(name) for name in given if name not in _SETTINGS]
    if unknown:
        problems.append(
            f"deployment.{', deployment.'.join(unknown)} is not known; it takes "
            f"{', '.join(_SETTINGS)}"
        )
    return {
        _SETTINGS[name]: _text(f"deployment.{name}", value, problems)
        for name, value in given.items()
        if name in _SETTINGS
    }


def _text(name: str, value: object, problems: list[str]) -> str:
    """As CloudFormation would pass it."""
    if name == "environment" and isinstance(value, Mapping):
        return json.dumps(value)
    if name == "deployment.alarms" and isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    problems.append(f"{name} must be a string or a whole number")
    return ""
