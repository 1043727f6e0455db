"""The stack is created and deleted."""

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.intervention import theirs
from tests.endpoint_faults.scenarios.scenario import (
    BROKEN,
    COMPLETE,
    GONE,
    NEW,
    PING,
    Scenario,
    created,
    last,
)
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import SCALED, properties


def create(sim: Simulation) -> Process:
    yield from sim.stack().create(properties())


def create_with_a_secret(sim: Simulation) -> Process:
    sim.account.parameters.values["/fraud/api-key"] = "s3cret"
    yield from created(sim, ModelEnvironment='{"API_KEY": {"valueFrom": "/fraud/api-key"}}')


def create_scaled_in_a_fresh_account(sim: Simulation) -> Process:
    sim.account.autoscaling.role_made = None
    yield from sim.stack().create(properties(**SCALED))


def create_that_fails(sim: Simulation) -> Process:
    sim.account.sagemaker.broken.add(BROKEN)
    yield from sim.stack().create(properties(ModelDataUrl=BROKEN))


def create_cancelled(sim: Simulation) -> Process:
    yield from sim.stack().create(properties(), cancelled_after=120)


def create_cancelled_at_once(sim: Simulation) -> Process:
    """The Delete arrives within seconds of CreateEndpoint, which a description may not show yet."""
    yield from sim.stack().create(properties(), cancelled_after=1.5)


def create_cancelled_in_the_end(sim: Simulation) -> Process:
    yield from sim.stack().create(properties(**SCALED), cancelled_after=241)


def delete(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).delete()


def delete_during_creation(sim: Simulation) -> Process:
    yield from sim.stack().create(properties(), cancelled_after=20, undo="DELETE")


def delete_again_after_a_failure(sim: Simulation) -> Process:
    """DeleteEndpoint is denied, and allowed again."""
    yield from created(sim)
    sim.account.role.deny("delete_endpoint")
    yield from last(sim).delete()
    sim.account.role.allow("delete_endpoint")
    yield minutes(0.2)
    if last(sim).stuck:
        yield from last(sim).delete()


def create_again_after_delete(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).delete()
    yield minutes(0.5)
    yield from sim.stack().create(properties(ModelDataUrl=NEW))


def cancelled_create_whose_delete_fails(sim: Simulation) -> Process:
    """The stack is deleted once more, with the id that CloudFormation made up."""
    sim.account.role.deny("delete_endpoint")
    yield from sim.stack().create(properties(), cancelled_after=120, undo="DELETE")
    sim.account.role.allow("delete_endpoint")
    yield minutes(0.2)
    if last(sim).stuck:
        yield from last(sim).delete()


def create_without_quota(sim: Simulation) -> Process:
    sim.account.sagemaker.used_up.add("ml.m5.large")
    yield from sim.stack().create(properties())


def create_with_a_wrong_property(sim: Simulation) -> Process:
    yield from sim.stack().create(properties(InstanceCount="-1"))


def create_where_a_foreign_endpoint_is(sim: Simulation) -> Process:
    theirs(sim, "relay")
    yield from sim.stack().create(properties(**SCALED))


SCENARIOS = {
    "create": Scenario(create, COMPLETE),
    "create with a secret": Scenario(create_with_a_secret, COMPLETE),
    "create scaled in a fresh account": Scenario(create_scaled_in_a_fresh_account, COMPLETE),
    "create that fails": Scenario(create_that_fails, ("ROLLBACK_COMPLETE",), reason=PING),
    "create cancelled": Scenario(create_cancelled, ("ROLLBACK_COMPLETE",)),
    "create cancelled at once": Scenario(create_cancelled_at_once, ("ROLLBACK_COMPLETE",)),
    "create cancelled in the end": Scenario(create_cancelled_in_the_end, ("ROLLBACK_COMPLETE",)),
    "delete": Scenario(delete, GONE),
    "delete during creation": Scenario(delete_during_creation, ("DELETE_COMPLETE",)),
    "delete again after a failure": Scenario(
        delete_again_after_a_failure, ("CREATE_COMPLETE", "DELETE_FAILED", "DELETE_COMPLETE")
    ),
    "cancelled create whose delete fails": Scenario(
        cancelled_create_whose_delete_fails,
        ("DELETE_FAILED", "DELETE_COMPLETE"),
        or_else=("DELETE_COMPLETE",),
    ),
    "create without quota": Scenario(
        create_without_quota, ("ROLLBACK_COMPLETE",), reason="ResourceLimitExceeded"
    ),
    "create where a foreign endpoint is": Scenario(
        create_where_a_foreign_endpoint_is, ("ROLLBACK_COMPLETE",), reason="already exists"
    ),
    "create with a wrong property": Scenario(
        create_with_a_wrong_property, ("ROLLBACK_COMPLETE",), reason="InstanceCount"
    ),
    "create again after delete": Scenario(create_again_after_delete, (*GONE, *COMPLETE)),
}
