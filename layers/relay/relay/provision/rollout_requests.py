"""What people and pipelines ask for in a direct call, and what an upload amounts to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from relay.errors import ConfigurationError
from relay.provision.lifecycle.ports import Context, Outdated, RecordStore
from relay.provision.lifecycle.record import Goal, Record
from relay.provision.lifecycle.rollouts import (
    Kind,
    Recipe,
    RollOut,
    RollOutOutcome,
    overwritten,
    way_back,
)
from relay.provision.specification.deployment import WATCH_ALARMS
from relay.report import Level, Note

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
# Tries to store a roll-out when other invocations write the same record.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class RollOutRequest:
    """A roll-out as it is asked for, before it is known whether it can begin.

    `upload` orders the uploads of artifacts; it is empty for direct calls. `id` recognises what
    comes twice; a direct call has one if its caller gives it one.
    """

    kind: Kind
    asked_by: str
    changes: Mapping[str, str]
    settings: Mapping[str, str]
    id: str = ""
    upload: str = ""


def read(members: Mapping[str, object]) -> RollOutRequest:
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
    return RollOutRequest(kind, str(asked_by), _complete(changes), settings, id)


def of_upload(location: str, version: str, sequence: str) -> RollOutRequest:
    """An artifact that was put under `models/`. `sequence` grows from one upload to the next."""
    changes = {"ModelDataUrl": location, "ModelDataVersion": version}
    digest = hashlib.sha256(f"{location} {sequence}".encode()).hexdigest()[:16]
    return RollOutRequest(
        Kind.DEPLOY, f"upload of {location}", changes, {}, f"upload {digest}", sequence
    )


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


@dataclass(frozen=True, slots=True)
class RollOutResponse:
    """What will happen: `accepted`, `waiting`, `refused`, `unchanged`, `overtaken` or `known`.

    Or, where it is over already, the outcome of the roll-out.
    """

    status: str
    reason: str = ""
    roll_out_id: str = ""

    def to_json(self) -> dict[str, object]:
        members = {"status": self.status, "roll_out": self.roll_out_id, "reason": self.reason}
        return {name: value for name, value in members.items() if value}


class _Refused(Exception):
    """Why a roll-out can never begin."""


class RollOutQueue:
    """Decides at once what will happen with a roll-out, and stores it; the lifecycle begins it."""

    def __init__(self, context: Context, room: RecordStore) -> None:
        self._context = context
        self._room = room

    def take(self, endpoint_name: str, request: RollOutRequest) -> RollOutResponse:
        """Raises Outdated when other invocations keep writing the record."""
        for _ in range(_TRIES):
            stored = self._room.load(endpoint_name) or Record(endpoint_name)
            record, response = self._decide(stored, request)
            try:
                if record is not stored:
                    self._room.save(record)
            except Outdated:
                continue
            level = Level.ERROR if response.status == "refused" else Level.INFO
            asked = f"{request.kind} asked for by {request.asked_by}"
            text = f"{asked}: {response.status} {response.reason}"
            fields = (("endpoint", endpoint_name), ("roll_out", response.roll_out_id))
            self._context.journal(Note(level, text.rstrip(), fields))
            return response
        raise Outdated(f"other invocations keep writing the record of {endpoint_name}")

    def _decide(self, stored: Record, request: RollOutRequest) -> tuple[Record, RollOutResponse]:
        now = self._context.clock.now()
        # The version makes the id of a direct call one of a kind.
        id = request.id or f"{request.kind} {now:%Y-%m-%dT%H:%M:%SZ} #{stored.version}"
        roll_out = RollOut(
            id, request.kind, request.asked_by, now, request.changes, request.settings
        )
        if stored.has_handled(roll_out.id):
            return stored, RollOutResponse("known", "the same event has come before", roll_out.id)
        if request.upload and request.upload < stored.newest_upload:
            reason = "a newer artifact was uploaded meanwhile"
            record = stored.ended(roll_out, RollOutOutcome.OVERTAKEN, now, reason)
            response = RollOutResponse("overtaken", reason, roll_out.id)
            return record.remembering(roll_out.id), response
        try:
            roll_out = self._checked(stored, roll_out)
        except (_Refused, ConfigurationError) as error:
            response = RollOutResponse("refused", str(error), roll_out.id)
            if not request.upload:
                return stored, response  # the caller has it
            record = stored.ended(roll_out, RollOutOutcome.REFUSED, now, str(error))
            return record.remembering(roll_out.id), response
        newest = request.upload or stored.newest_upload
        if reason := self._unchanged(stored, roll_out):
            record = replace(stored, newest_upload=newest).remembering(roll_out.id)
            return record, RollOutResponse("unchanged", reason, roll_out.id)
        record = replace(stored.queue(roll_out, now), newest_upload=newest)
        if stored.goal is Goal.SERVE or stored.pending:
            doing = stored.roll_out.asked_by if stored.roll_out else "CloudFormation"
            return record, RollOutResponse("waiting", f"for {doing}", roll_out.id)
        return record, RollOutResponse("accepted", "", roll_out.id)

    def _checked(self, stored: Record, roll_out: RollOut) -> RollOut:
        """The roll-out with all its changes. Raises what speaks against it."""
        if stored.goal is Goal.REMOVE:
            raise _Refused("the endpoint is being deleted")
        if stored.adoption:
            raise _Refused("EndpointMode is existing: the relay never changes that endpoint")
        base = _base(stored)
        if roll_out.kind is Kind.ROLLBACK:
            roll_out = replace(roll_out, changes=way_back(_before(stored)))
        waiting = stored.queued.changes if stored.queued else {}
        changes = {**waiting, **roll_out.changes, **roll_out.settings}
        self._context.resolve({**base.properties, **changes})
        return roll_out

    def _unchanged(self, stored: Record, roll_out: RollOut) -> str:
        """Why nothing would change; "" when something will.

        A caller without a response may repeat the call; a second rollback must not undo the first.
        """
        for other in (stored.roll_out, stored.queued):
            if other and roll_out.kind is other.kind is Kind.ROLLBACK:
                return "a rollback is on its way already"
        waiting = stored.queued
        if waiting and (waiting.changes, waiting.settings) == (roll_out.changes, roll_out.settings):
            return "this very roll-out waits for its turn already"
        if stored.queued or stored.stack_change:
            return ""
        base = _base(stored)
        wanted = self._context.resolve({**base.properties, **roll_out.changes}).generation
        if stored.target and wanted == stored.target.generation:
            return "this very roll-out is under way"
        if stored.target is None and wanted == stored.generations[0]:
            return "this is what serves already"
        return ""


def _base(stored: Record) -> Recipe:
    """What will serve when the turn of a new roll-out comes, if all goes well."""
    coming = stored.target and stored.recipes.get(stored.target.generation.config)
    if coming:
        return coming
    if stored.serving:
        return stored.serving
    if stored.stack_change:
        properties = stored.stack_change.properties
        return Recipe(properties, properties)
    raise _Refused("there is no endpoint that the relay made and could change")


def _before(stored: Record) -> Recipe:
    """Where a rollback leads: away from what is under way, or from what serves."""
    if stored.target and not stored.creating and stored.serving:
        return stored.serving
    if len(stored.generations) < 2 or stored.target:
        raise _Refused("there is no generation before this one to go back to")
    back = stored.recipes.get(stored.generations[1].config)
    if back is None or stored.serving is None:
        raise _Refused("the relay did not remember what the generation before was made of")
    if overwritten(back, stored.serving):
        raise _Refused(
            f"the artifact of the generation before, {back.properties['ModelDataUrl']}, has been "
            "overwritten by the one that serves now: upload the old one again, best under a key of "
            "its own"
        )
    if way_back(back) == way_back(stored.serving):
        raise _Refused(
            "the generation before differs in nothing that a roll-out may change: update the stack"
        )
    return back
