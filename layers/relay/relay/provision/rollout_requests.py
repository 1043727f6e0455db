"""Roll-outs that direct calls and uploads ask for."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from relay.delivery.report import Level, Note
from relay.errors import ConfigurationError
from relay.provision.lifecycle.ports import (
    MOST_BYTES_OF_ROLL_OUT,
    Context,
    Outdated,
    RecordStore,
)
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import (
    UPLOAD,
    Recipe,
    RollOut,
    RollOutKind,
    RollOutOutcome,
    overwritten,
    way_back,
)
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.specification.deployment import WATCH_ALARMS
from relay.provision.texts import refusals
from relay.provision.texts.ending import Ending
from relay.reading import Reader

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
_ANYWAY: Final = ("asked_by", "request_id", "deployment")
_LONGEST_NAME: Final = 200
# Tries to store a roll-out when other invocations write the same record.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class RollOutRequest:
    """A roll-out as it is asked for, before it is known whether it can begin.

    `upload` orders the uploads of artifacts; it is empty for direct calls. `id` identifies a
    repeated request; a direct call has one if its caller gives it one.
    """

    kind: RollOutKind
    asked_by: str
    changes: Mapping[str, str]
    settings: Mapping[str, str]
    id: str = ""
    upload: str = ""


def read(members: Mapping[str, object]) -> RollOutRequest:
    """Read a direct call, `{"action": "deploy", …}` or `{"action": "rollback", …}`.

    Raises:
        ConfigurationError: with every problem.
    """
    reader = Reader(members)
    kind = RollOutKind(str(members["action"]))
    takes = _CHANGES if kind is RollOutKind.DEPLOY else {}
    known = (*takes, *_ANYWAY)
    reader.only(("action", *known), lambda _: f"{kind} takes {', '.join(known)}")
    changes = _strings(reader, takes)
    deployment = reader.object("deployment") if "deployment" in reader else Reader({})
    deployment.only(_SETTINGS, lambda _: f"it takes {', '.join(_SETTINGS)}")
    settings = _strings(deployment, _SETTINGS)
    asked_by, request_id = _name(reader, "asked_by"), _name(reader, "request_id")
    if kind is RollOutKind.DEPLOY and not changes and not reader.problems:
        reader.refuse("", f"no change is given; give at least one of {', '.join(_CHANGES)}", ": ")
    reader.check(ConfigurationError)
    id = f"{kind} {request_id}" if "request_id" in reader else ""
    return RollOutRequest(kind, asked_by, _complete(changes), settings, id)


def of_upload(location: str, version: str, sequence: str) -> RollOutRequest:
    """The roll-out of an artifact under `models/`. `sequence` grows from upload to upload."""
    changes = {"ModelDataUrl": location, "ModelDataVersion": version}
    digest = hashlib.sha256(f"{location} {sequence}".encode()).hexdigest()[:16]
    return RollOutRequest(
        RollOutKind.DEPLOY, f"upload of {location}", changes, {}, f"{UPLOAD}{digest}", sequence
    )


def _complete(changes: dict[str, str]) -> dict[str, str]:
    """Add what follows from a change.

    A new artifact has no version unless the call gives one. A framework replaces an image.
    """
    if "ModelDataUrl" in changes:
        changes.setdefault("ModelDataVersion", "")
    if "Framework" in changes or "FrameworkVersion" in changes:
        changes.setdefault("ImageUri", "")
    return changes


def _strings(reader: Reader, properties: Mapping[str, str]) -> dict[str, str]:
    """The members that are given, as CloudFormation would pass their properties."""
    return {each: _string(reader, name) for name, each in properties.items() if name in reader}


def _string(reader: Reader, name: str) -> str:
    match name, reader.members[name]:
        case ("environment", Mapping() as value) | ("alarms", bool() as value):
            return json.dumps(value)
        case _, str(text):
            return text
        case _, int(number) if not isinstance(number, bool):
            return str(number)
    reader.refuse(name, "must be a string or a whole number")
    return ""


def _name(reader: Reader, name: str) -> str:
    value = reader.text(name) if name in reader else "direct call"
    if len(value) > _LONGEST_NAME:
        reader.refuse(name, f"must have at most {_LONGEST_NAME} characters")
    return value


@dataclass(frozen=True, slots=True)
class RollOutResponse:
    """What will happen: `accepted`, `waiting`, `refused`, `unchanged`, `overtaken` or `known`.

    Where the roll-out has already ended: its outcome.
    """

    status: str
    reason: str = ""
    roll_out_id: str = ""

    def to_json(self) -> dict[str, object]:
        members = {"status": self.status, "roll_out": self.roll_out_id, "reason": self.reason}
        return {name: value for name, value in members.items() if value}


class _Refused(Exception):
    """Why a roll-out can never begin."""

    def __init__(self, refusal: Ending, **values: object) -> None:
        self._refusal, self._values = refusal, values

    def reason(self, roll_out: RollOut) -> str:
        return self._refusal.text(**self._values, again=roll_out.again)


class _NoEndpoint(_Refused):
    """There is nothing to change, unless CloudFormation's Create is on its way."""


class RollOutQueue:
    """Decides at once what will happen with a roll-out, and stores it; the lifecycle begins it."""

    def __init__(self, context: Context, room: RecordStore) -> None:
        self._context = context
        self._room = room

    def take(self, endpoint_name: str, request: RollOutRequest) -> RollOutResponse:
        """Raises Outdated when concurrent updates do not end."""
        for _ in range(_TRIES):
            stored = self._room.load(endpoint_name) or Record(endpoint_name)
            record, response = self._decide(stored, request)
            if record.queued and record.queued is not stored.queued:
                record, response = self._small_enough(stored, record, record.queued, response)
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
        raise Outdated(f"{endpoint_name}: could not store the request: concurrent updates")

    def _small_enough(
        self, stored: Record, record: Record, queued: RollOut, response: RollOutResponse
    ) -> tuple[Record, RollOutResponse]:
        """Refuse a roll-out that would make the record too large."""
        size, most = self._room.size(record), MOST_BYTES_OF_ROLL_OUT
        if size <= most:
            return record, response
        reason = refusals.TOO_LARGE.text(size=f"{size:,}", most=f"{most:,}", again=queued.again)
        return stored, RollOutResponse("refused", reason, response.roll_out_id)

    def _decide(self, stored: Record, request: RollOutRequest) -> tuple[Record, RollOutResponse]:
        now = self._context.clock.now()
        # The version makes the id of a direct call unique.
        id = request.id or f"{request.kind} {now:%Y-%m-%dT%H:%M:%SZ} #{stored.version}"
        roll_out = RollOut(
            id, request.kind, request.asked_by, now, request.changes, request.settings
        )
        if stored.has_handled(roll_out.id):
            return stored, RollOutResponse("known", "the same request arrived before", roll_out.id)
        if request.upload and request.upload < stored.newest_upload:
            reason = "a newer artifact was uploaded meanwhile"
            record = stored.ended(roll_out, RollOutOutcome.OVERTAKEN, now, reason)
            response = RollOutResponse("overtaken", reason, roll_out.id)
            return record.remembering(roll_out.id), response
        try:
            roll_out = self._checked(stored, roll_out)
        except _NoEndpoint as error:
            if not request.upload:
                return stored, RollOutResponse("refused", error.reason(roll_out), roll_out.id)
            record = replace(stored.queue(roll_out, now), newest_upload=request.upload)
            return record, RollOutResponse("waiting", "for an endpoint", roll_out.id)
        except _Refused as error:
            reason = error.reason(roll_out)
            response = RollOutResponse("refused", reason, roll_out.id)
            if not request.upload:
                return stored, response  # the caller gets it
            record = stored.ended(roll_out, RollOutOutcome.REFUSED, now, reason)
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
        """The roll-out with all its changes. Raises _Refused."""
        if stored.goal is Goal.REMOVE and not stored.stack_change:
            raise _Refused(refusals.WHILE_DELETING)
        if stored.adoption:
            raise _Refused(refusals.OF_EXISTING)
        base = _base(stored)
        if roll_out.kind is RollOutKind.ROLLBACK:
            roll_out = replace(roll_out, changes=way_back(_before(stored)))
        waiting = stored.queued.changes if stored.queued else {}
        changes = {**waiting, **roll_out.changes, **roll_out.settings}
        try:
            self._context.resolve({**base.properties, **changes})
        except ConfigurationError as error:
            raise _Refused(refusals.WRONG, cause=error) from error
        return roll_out

    def _unchanged(self, stored: Record, roll_out: RollOut) -> str:
        """Why nothing would change; "" when something will.

        A caller without a response may repeat the call; a second rollback must not undo the first.
        """
        for other in (stored.roll_out, stored.queued):
            if other and roll_out.kind is other.kind is RollOutKind.ROLLBACK:
                return "a rollback is already in progress"
        waiting = stored.queued
        if waiting and (waiting.changes, waiting.settings) == (roll_out.changes, roll_out.settings):
            return "the same roll-out is already waiting"
        if stored.queued or stored.stack_change:
            return ""
        base = _base(stored)
        wanted = self._context.resolve({**base.properties, **roll_out.changes}).generation
        if stored.target and wanted == stored.target.generation:
            return "the same roll-out is already in progress"
        if stored.target is None and wanted == stored.generations[0]:
            return "the endpoint already serves it"
        return ""


def _base(stored: Record) -> Recipe:
    """What serves when a new roll-out begins, if the one in progress succeeds."""
    coming = stored.target and stored.recipes.get(stored.target.generation.config)
    if coming:
        return coming
    if stored.serving:
        return stored.serving
    if stored.stack_change:
        properties = stored.stack_change.properties
        return Recipe(properties, properties)
    raise _NoEndpoint(refusals.NO_ENDPOINT)


def _before(stored: Record) -> Recipe:
    """What a rollback returns to, from the roll-out in progress or from what serves."""
    if stored.target and not stored.creating and stored.serving:
        return stored.serving
    if len(stored.generations) < 2 or stored.target:
        raise _Refused(refusals.NOTHING_BEFORE)
    back = stored.recipes.get(stored.generations[1].config)
    if back is None or stored.serving is None:
        raise _Refused(refusals.BEFORE_UNKNOWN)
    if overwritten(back, stored.serving):
        artifact = back.properties["ModelDataUrl"]
        raise _Refused(refusals.BEFORE_OVERWRITTEN, artifact=artifact)
    if way_back(back) == way_back(stored.serving):
        raise _Refused(refusals.BEFORE_EQUAL)
    return back
