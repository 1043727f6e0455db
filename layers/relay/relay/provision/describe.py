"""The response to `describe`: the state of the endpoint in one document, without any secret."""

from dataclasses import asdict

from relay.provision.endpoint import EndpointDescription
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import EndedRollOut, Recipe, RollOut
from relay.provision.specification.specification import Generation


def describe(
    endpoint: EndpointDescription, record: Record, problems: tuple[str, ...] = ()
) -> dict[str, object]:
    """The keys are documented in docs/explanation/endpoint.md.

    Values of environments are never shown. `problems` are those of an endpoint that the relay has
    not made.
    """
    generations = [_generation(made, record) for made in record.generations]
    history = [_conclusion(ended) for ended in record.history]
    return {
        "endpoint": {
            "name": endpoint.name,
            "arn": endpoint.arn,
            "status": endpoint.status.value,
            "config": endpoint.config,
            "failure_reason": endpoint.failure_reason,
            "instances": {
                "current": endpoint.current_instances,
                "desired": endpoint.desired_instances,
            },
        },
        "scaling": _scaling(record),
        "goal": record.goal.value,
        "existing": record.adoption
        and {"wanted": record.adoption.wanted(), "problems": [*problems]},
        "serving": generations[0] if generations else None,
        "rollback_to": generations[1] if len(generations) > 1 else None,
        "generations": generations,
        "under_way": record.roll_out and _roll_out(record.roll_out),
        "waiting": _waiting(record),
        "queued": record.queued and _roll_out(record.queued),
        "last_roll_out": history[0] if history else None,
        "earlier_roll_outs": history[1:],
    }


def _scaling(record: Record) -> dict[str, object] | None:
    registration = record.registration
    if registration.scaling is None:
        return None
    return {**asdict(registration.scaling), "sure": registration.sure}


def _waiting(record: Record) -> dict[str, object] | None:
    pending = record.pending
    if pending is None:
        return None
    return {
        "request": pending.type.value,
        "since": pending.since.isoformat(),
        "until": pending.decided_by().isoformat(),
        "its_turn": record.stack_change is None,
        "failure": record.failure,
    }


def _generation(made: Generation, record: Record) -> dict[str, object]:
    described: dict[str, object] = {
        "model": made.model,
        "config": made.config,
        "image": made.image,
    }
    if recipe := record.recipes.get(made.config):
        described.update(_recipe(recipe))
    return described


def _recipe(recipe: Recipe) -> dict[str, object]:
    shown = {
        "model_data_url": "ModelDataUrl",
        "model_data_version": "ModelDataVersion",
        "instance_type": "InstanceType",
    }
    return {name: recipe.properties.get(key, "") for name, key in shown.items()}


def _roll_out(roll_out: RollOut) -> dict[str, object]:
    return {
        "id": roll_out.id,
        "kind": roll_out.kind.value,
        "asked_by": roll_out.asked_by,
        "asked_at": roll_out.asked_at.isoformat(),
        "begun_at": roll_out.begun_at and roll_out.begun_at.isoformat(),
        "changes": sorted(roll_out.changes),
        "from": roll_out.from_config,
        "to": roll_out.to_config,
    }


def _conclusion(ended: EndedRollOut) -> dict[str, object]:
    return {
        **_roll_out(ended.roll_out),
        "ended_at": ended.ended_at.isoformat(),
        "outcome": ended.outcome.value,
        "reason": ended.reason,
    }
