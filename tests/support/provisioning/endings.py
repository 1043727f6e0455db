"""A scenario for every ending: what happens, and which endpoint there is when all has settled."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from relay.errors import AccessDenied, EndpointNotReady, PermanentError, RelayError
from relay.provision.endpoint import EndpointStatus

from tests.support.provisioning.existing import EXISTING, FITTING, THEIRS
from tests.support.provisioning.properties import ENDPOINT, SCALED, properties
from tests.support.provisioning.requests import (
    OTHER_STACK,
    STACK,
    create,
    delete,
    deploy,
    update,
    uploaded,
)
from tests.support.provisioning.roll_outs import OLD, A, B, config
from tests.support.provisioning.world import World

DENIED = AccessDenied("update endpoint relay: AccessDeniedException: not authorized.")
REFUSED = PermanentError("update endpoint relay: ValidationException: not supported.")
OUT_OF_SERVICE = EndpointStatus.OUT_OF_SERVICE
IN_SERVICE = EndpointStatus.IN_SERVICE
Scenario = Callable[[World], None]


def sweeps(world: World, count: int) -> None:
    for _ in range(count):
        with suppress(RelayError):
            world.sweep()


def wake(world: World, wake_up: Any) -> None:
    with suppress(RelayError):
        world.wake(wake_up)


def served(world: World) -> World:
    world.run(create())
    return world


def failed_invocation(
    world: World, kind: str = "Create", condition: str = "RetriesExhausted"
) -> None:
    """Lambda has tried three times, and sends the event to the on-failure destination."""
    world.clock.pass_minutes(4)
    payload = {
        "RequestType": kind,
        "RequestId": "failed-1",
        "ResponseURL": "https://answers.example/create-1?secret",
        "StackId": STACK,
        "LogicalResourceId": "Endpoint",
        "ResourceProperties": properties(),
        **({"PhysicalResourceId": "relay"} if kind == "Delete" else {}),
    }
    record = {
        "version": "1.0",
        "timestamp": world.clock.now().isoformat(),
        "requestContext": {"condition": condition, "approximateInvokeCount": 3},
        "requestPayload": payload,
    }
    world.failed.bodies["receipt"] = json.dumps(record)


def _ended(status: EndpointStatus, *others: Any) -> Scenario:
    """An update ends with this status while other changes wait."""

    def run(world: World) -> None:
        served(world).wake(update(ModelDataUrl=A))
        for other in others:
            world.wake(other)
        world.sagemaker.becomes(status, "no capacity.")
        world.sweep()

    return run


def _not_created(world: World) -> None:
    world.wake(create())
    world.sagemaker.becomes(EndpointStatus.FAILED, "no ping.")
    world.settle()


def _not_repaired(world: World) -> None:
    _ended(OUT_OF_SERVICE)(world)
    world.sweep()
    world.sagemaker.becomes(OUT_OF_SERVICE, "no capacity.")
    world.sweep()


def _refused(call: str, error: RelayError, *wake_ups: Any, minutes: int = 0) -> Scenario:
    """SageMaker does not take a call, for so long."""

    def run(world: World) -> None:
        world.sagemaker.errors[call] = error
        for wake_up in wake_ups:
            wake(world, wake_up)
        sweeps(world, minutes)

    return run


def _held_up(world: World) -> None:
    served(world).sagemaker.becomes(EndpointStatus.SYSTEM_UPDATING)
    wake(world, update(ModelDataUrl=A))
    sweeps(world, 54)


def _under_way(world: World) -> None:
    served(world).wake(update(ModelDataUrl=A))
    _refused("describe", DENIED, minutes=7)(world)


def _scaling(world: World) -> None:
    served(world)
    world.autoscaler.errors["register"] = REFUSED
    wake(world, update(**SCALED))
    sweeps(world, 2)


def _scaling_rolled_back(world: World) -> None:
    world.run(create(**SCALED))
    more = {**SCALED, "MaxInstanceCount": "9"}
    world.autoscaler.errors["register"] = REFUSED
    wake(world, update(old=SCALED, **more))
    wake(world, update("back", old=more, **SCALED))
    sweeps(world, 2)


def _not_recreated(world: World) -> None:
    served(world).sagemaker.becomes(EndpointStatus.FAILED)
    world.sagemaker.errors["create_endpoint"] = DENIED
    world.wake(update(ModelDataUrl=A))
    world.sagemaker.settle()
    sweeps(world, 7)


def _existing(**changes: Any) -> Scenario:
    def run(world: World) -> None:
        world.sagemaker.exists(THEIRS)
        world.sagemaker.setups[THEIRS] = replace(FITTING, **changes)
        wake(world, create(**EXISTING))
        sweeps(world, 7)

    return run


def _existing_is(status: EndpointStatus) -> Scenario:
    def run(world: World) -> None:
        world.sagemaker.exists(THEIRS, status)
        world.sagemaker.setups[THEIRS] = FITTING
        world.wake(create(**EXISTING))
        sweeps(world, 54)

    return run


def _not_checked(world: World) -> None:
    _refused("describe_config", DENIED)(world)
    _existing()(world)


def _run(*wake_ups: Any, minutes: int = 0, serving: bool = True) -> Scenario:
    def run(world: World) -> None:
        if serving:
            served(world)
        for wake_up in wake_ups:
            world.wake(wake_up)
        sweeps(world, minutes)

    return run


def _taken(config_name: str, wake_up: Any, serving: bool) -> Scenario:
    """Another caller has made the endpoint what it is."""

    def run(world: World) -> None:
        if serving:
            served(world)
        world.sagemaker.exists(config_name)
        world.wake(wake_up)

    return run


def _held_back(world: World) -> None:
    failed_invocation(served(world), "Delete", "EventAgeExceeded")
    world.sweep()


def _not_stored(world: World) -> None:
    failed_invocation(world)
    world.store.taken_away = True
    sweeps(world, 56)
    world.store.taken_away = False


def _not_responded(world: World) -> None:
    world.wake(create())
    world.clock.pass_minutes(61)
    world.sweep()


def _former_left(world: World) -> None:
    """A rename is cancelled while its endpoint is being created; then the stack is deleted."""
    served(world)
    world.endpoint_name = "renamed"
    world.wake(update(EndpointName="renamed"))
    world.endpoint_name = ENDPOINT
    world.wake(update("back", old={"EndpointName": "renamed"}))
    world.wake(delete())
    world.sagemaker.settle()
    sweeps(world, 54)


def _dropped(world: World) -> None:
    world.responder.reachable = False
    wake(world, create(InstanceCount="0"))
    sweeps(world, 62)


_OLD = (IN_SERVICE, OLD.config)
_NEW = (IN_SERVICE, config(ModelDataUrl=A))
_THEIRS = (IN_SERVICE, THEIRS)
_NONE = None
_update = update(ModelDataUrl=A)

# What happens, and the endpoint's status and configuration once all has settled.
SCENARIOS: Mapping[str, tuple[Scenario, tuple[EndpointStatus, str] | None]] = {
    "PROPERTIES_WRONG": (_run(create(InstanceCount="0"), serving=False), _NONE),
    "TOO_FEW_INSTANCES": (_run(update(DeploymentStrategy="Canary", ModelDataUrl=A)), _OLD),
    "ANOTHER_STACKS": (_run(create("c-2", stack=OTHER_STACK)), _OLD),
    "EXISTS_ALREADY": (_taken(THEIRS, create(), serving=False), _THEIRS),
    "CHANGED_BY_ANOTHER": (_taken(THEIRS, _update, serving=True), _THEIRS),
    "NOT_CREATED": (_not_created, _NONE),
    "CREATION_GIVEN_UP": (_refused("create_endpoint", DENIED, create(), minutes=7), _NONE),
    "CREATION_TOO_LATE": (_run(create(), minutes=54, serving=False), _NONE),
    "ROLLED_BACK": (_ended(IN_SERVICE), _OLD),
    "LEFT_MIXED": (_ended(EndpointStatus.UPDATE_ROLLBACK_FAILED), _OLD),
    "LEFT_OUT_OF_SERVICE": (_ended(OUT_OF_SERVICE), _OLD),
    "LEFT_FAILED": (_ended(EndpointStatus.FAILED), _OLD),
    "LEFT_TO_THE_NEXT": (
        _ended(OUT_OF_SERVICE, deploy(B)),
        (IN_SERVICE, config(ModelDataUrl=B)),
    ),
    "LEFT_AS_IT_IS": (_not_repaired, (OUT_OF_SERVICE, OLD.config)),
    "UPDATE_NOT_BEGUN": (lambda w: _refused("update_endpoint", REFUSED, _update)(served(w)), _OLD),
    "UPDATE_UNDER_WAY": (_under_way, _NEW),
    "SCALING_UNSURE": (_scaling, _OLD),
    "SCALING_NOT_RESTORED": (_scaling_rolled_back, _OLD),
    "NOT_RECREATED": (_not_recreated, _NEW),
    "UPDATE_TOO_LATE": (_run(_update, minutes=54), _NEW),
    "UPDATE_HELD_UP": (_held_up, _OLD),
    "NEVER_ITS_TURN": (_run(deploy(A), update(ModelDataUrl=B), minutes=54), _NEW),
    "NO_ENDPOINT_TO_CHANGE": (_run(uploaded(), minutes=7, serving=False), _NONE),
    "REMOVAL_GIVEN_UP": (
        lambda w: _refused("delete_endpoint", DENIED, delete(), minutes=12)(served(w)),
        _NONE,
    ),
    "REMOVAL_TOO_LATE": (_run(delete(), minutes=54), _NONE),
    "FORMER_LEFT": (_former_left, _NONE),
    "NOT_FINISHED": (
        lambda w: _refused("delete_endpoint", DENIED, delete(), minutes=22)(served(w)),
        _NONE,
    ),
    "NO_SUCH_ENDPOINT": (_run(create(**EXISTING), serving=False), _NONE),
    "EXISTING_NOT_IN_SERVICE": (_existing_is(OUT_OF_SERVICE), (OUT_OF_SERVICE, THEIRS)),
    "UNSUITABLE": (_existing(output_path="s3://theirs/outputs"), _THEIRS),
    "VARIANT_MISSING": (_existing(variants=("primary",)), _THEIRS),
    "EXISTING_NOT_CHECKED": (_not_checked, _THEIRS),
    "EXISTING_TOO_LATE": (_existing_is(EndpointStatus.UPDATING), _THEIRS),
    "HELD_BACK": (_held_back, _OLD),
    "NOT_STORED": (_not_stored, _NONE),
    "NOT_RESPONDED": (_not_responded, _NONE),
    "RESPONSE_DROPPED": (_dropped, _NONE),
}

# Errors that last, for each way in which a call can fail.
CALL_FAILURES: Mapping[str, RelayError] = {
    "DENIED": DENIED,
    "THROTTLED": EndpointNotReady("create endpoint relay: ThrottlingException: Rate exceeded"),
    "NO_RESPONSE": EndpointNotReady("create endpoint relay: in progress"),
    "REFUSED": REFUSED,
}
