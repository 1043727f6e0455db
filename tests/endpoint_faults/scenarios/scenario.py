"""A scenario: what CloudFormation and people do to an endpoint, before faults do."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.endpoint_faults.cloudformation import Process, Stack
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import properties

OLD = str(properties()["ModelDataUrl"])
NEW = "s3://models/new/model.tar.gz"
BROKEN = "s3://models/broken/model.tar.gz"
STUCK = "s3://models/stuck/model.tar.gz"
ARTIFACT = "models/uploaded/model.tar.gz"
LARGER = "ml.m5.xlarge"
PING = "ping health check"

COMPLETE = ("CREATE_COMPLETE",)
UPDATED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
ROLLED_BACK = ("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
GONE = ("CREATE_COMPLETE", "DELETE_COMPLETE")


@dataclass(frozen=True)
class Scenario:
    """`outcomes` are those of the stack without faults, and with any fault that is over soon.

    `serves` is the artifact in service at the end; "" where the stack's properties say it.
    `reason`: part of every FAILED answer. `stuck`: the scenario's own fault is permanent.
    `by_hand`: people changed the endpoint, so that it need not be as the stack has it.
    `or_else` are outcomes that are as good. `late` requests are delivered when no request waits.
    `beside` is the artifact of a roll-out that a run may add at any moment.
    """

    play: Callable[[Simulation], Process]
    outcomes: tuple[str, ...]
    serves: str = ""
    reason: str = ""
    stuck: bool = False
    by_hand: bool = False
    or_else: tuple[str, ...] = ()
    late: str = ""
    beside: str = "s3://models/beside/model.tar.gz"


def created(sim: Simulation, **changes: object) -> Process:
    """A stack whose endpoint is in service."""
    yield from sim.stack().create(properties(**changes))
    yield minutes(2)
    sim.begin()


def last(sim: Simulation) -> Stack:
    return sim.stacks[-1]


def deploy(sim: Simulation, url: str = NEW) -> Process:
    """A direct call rolls an artifact out."""
    yield from sim.call(action="deploy", model_data_url=url, request_id=url)


def deploy_after(sim: Simulation, seconds: float) -> Process:
    yield minutes(seconds / 60)
    yield from deploy(sim)


def upload_after(sim: Simulation, seconds: float) -> Process:
    yield minutes(seconds / 60)
    sim.upload(ARTIFACT, "v1")
