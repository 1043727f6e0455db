"""A record as it is stored: one JSON document, which newer versions of the relay read as well.

Members are only ever added. A member that is missing was written by an older version and has the
record's own default.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from relay.provision.lifecycle.custom_resource import PendingRequest, RequestType, StackChange
from relay.provision.lifecycle.record import ChangeAttempt, Goal, Record
from relay.provision.lifecycle.rollouts import Conclusion, Kind, Recipe, RollOut, RollOutOutcome
from relay.provision.specification.existing import Adoption
from relay.provision.specification.scaling import Registration, Scaling
from relay.provision.specification.specification import Generation, Specification

# What `json` makes of a document.
_Document = dict[str, Any]


def record_to_json(record: Record) -> str:
    waiting, attempt, change = record.waiting, record.attempt, record.stack_change
    return json.dumps(
        {
            "goal": record.goal.value,
            "stack_id": record.stack_id,
            "target": record.target.to_json() if record.target else None,
            "creating": record.creating,
            "retain_capacity": record.retain_capacity,
            "attempt": attempt
            and {"config": attempt.config, "last_modified": _time_to_json(attempt.last_modified)},
            "roll_out": record.roll_out and _roll_out_to_json(record.roll_out),
            "waiting": waiting
            and {
                "type": waiting.type.value,
                "request_id": waiting.request_id,
                "response_url": waiting.response_url,
                "stack_id": waiting.stack_id,
                "logical_resource_id": waiting.logical_resource_id,
                "physical_resource_id": waiting.physical_resource_id,
                "since": _time_to_json(waiting.since),
            },
            "stack_change": change
            and {
                "properties": dict(change.properties),
                "old_properties": dict(change.old_properties),
                "creating": change.creating,
                "before": change.before and _recipe_to_json(change.before),
            },
            "failure": record.failure,
            "queued": record.queued and _roll_out_to_json(record.queued),
            "history": [_conclusion_to_json(told) for told in record.history],
            "generations": [_generation_to_json(made) for made in record.generations],
            "unused": [_generation_to_json(made) for made in record.unused],
            "recipes": {config: _recipe_to_json(made) for config, made in record.recipes.items()},
            "registration": asdict(record.registration),
            "newest_upload": record.newest_upload,
            "adoption": record.adoption and asdict(record.adoption),
            "former_names": record.former_names,
            "handled": record.handled,
        }
    )


def record_from_json(endpoint_name: str, version: int, text: str) -> Record:
    document: _Document = json.loads(text)
    attempt, waiting = document["attempt"], document["waiting"]
    target = Specification.from_json(document["target"]) if document["target"] else None
    generations = tuple(Generation(**made) for made in document["generations"])
    if target and "recipes" not in document:
        # Once the target was listed with what serves, as soon as it was decided upon.
        generations = tuple(made for made in generations if made != target.generation)
    return Record(
        endpoint_name=endpoint_name,
        goal=Goal(document["goal"]),
        stack_id=document["stack_id"],
        target=target,
        creating=document["creating"],
        retain_capacity=document["retain_capacity"],
        attempt=attempt
        and ChangeAttempt(attempt["config"], _time_from_json(attempt["last_modified"])),
        roll_out=_roll_out_from_json(document.get("roll_out")),
        waiting=_waiting_from_json(waiting),
        stack_change=_change_from_json(document.get("stack_change")),
        failure=document["failure"],
        queued=_roll_out_from_json(document.get("queued")),
        history=tuple(map(_conclusion_from_json, document.get("history", ()))),
        generations=generations,
        unused=tuple(Generation(**made) for made in document["unused"]),
        recipes={config: Recipe(**made) for config, made in document.get("recipes", {}).items()},
        registration=_registration_from_json(document.get("registration")),
        newest_upload=document.get("newest_upload", ""),
        adoption=Adoption(**adoption) if (adoption := document.get("adoption")) else None,
        former_names=tuple(document["former_names"]),
        handled=tuple(document["handled"]),
        version=version,
    )


def _registration_from_json(document: _Document | None) -> Registration:
    if document is None:
        return Registration()
    scaling = document["scaling"]
    return Registration(Scaling(**scaling) if scaling else None, document["sure"])


def _waiting_from_json(document: _Document | None) -> PendingRequest | None:
    if document is None:
        return None
    return PendingRequest(
        type=RequestType(document["type"]),
        request_id=document["request_id"],
        response_url=document["response_url"],
        stack_id=document["stack_id"],
        logical_resource_id=document["logical_resource_id"],
        physical_resource_id=document["physical_resource_id"],
        since=datetime.fromisoformat(document["since"]),
    )


def _change_from_json(document: _Document | None) -> StackChange | None:
    if document is None:
        return None
    before = document["before"]
    return StackChange(
        document["properties"],
        document["old_properties"],
        document["creating"],
        Recipe(**before) if before else None,
    )


def _roll_out_to_json(roll_out: RollOut) -> _Document:
    return {
        "id": roll_out.id,
        "kind": roll_out.kind.value,
        "asked_by": roll_out.asked_by,
        "asked_at": _time_to_json(roll_out.asked_at),
        "changes": dict(roll_out.changes),
        "settings": dict(roll_out.settings),
        "from_config": roll_out.from_config,
        "to_config": roll_out.to_config,
        "begun_at": _time_to_json(roll_out.begun_at),
    }


def _roll_out_from_json(document: _Document | None) -> RollOut | None:
    return _any_roll_out(document) if document else None


def _any_roll_out(document: _Document) -> RollOut:
    return RollOut(
        id=document["id"],
        kind=Kind(document["kind"]),
        asked_by=document["asked_by"],
        asked_at=datetime.fromisoformat(document["asked_at"]),
        changes=document["changes"],
        settings=document["settings"],
        from_config=document["from_config"],
        to_config=document["to_config"],
        begun_at=_time_from_json(document["begun_at"]),
    )


def _conclusion_to_json(told: Conclusion) -> _Document:
    return {
        "roll_out": _roll_out_to_json(told.roll_out),
        "outcome": told.outcome.value,
        "ended_at": _time_to_json(told.ended_at),
        "reason": told.reason,
    }


def _conclusion_from_json(document: _Document) -> Conclusion:
    return Conclusion(
        _any_roll_out(document["roll_out"]),
        RollOutOutcome(document["outcome"]),
        datetime.fromisoformat(document["ended_at"]),
        document["reason"],
    )


def _recipe_to_json(recipe: Recipe) -> Mapping[str, object]:
    return {"properties": dict(recipe.properties), "stack": dict(recipe.stack)}


def _generation_to_json(generation: Generation) -> dict[str, str]:
    return {
        "model": generation.model,
        "config": generation.config,
        "image": generation.image,
    }


def _time_to_json(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time_from_json(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
