"""The stack is updated: another model, name or instance type."""

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.intervention import theirs
from tests.endpoint_faults.scenarios.scenario import (
    ARTIFACT,
    BROKEN,
    LARGER,
    NEW,
    OLD,
    PING,
    ROLLED_BACK,
    STUCK,
    UPDATED,
    Scenario,
    created,
    deploy,
    deploy_after,
    last,
    upload_after,
)
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import SCALED, properties


def update_by_model(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(ModelDataUrl=NEW, **SCALED))


def update_that_fails(sim: Simulation) -> Process:
    sim.account.sagemaker.broken.add(BROKEN)
    yield from created(sim)
    yield from last(sim).update(properties(ModelDataUrl=BROKEN))


def update_whose_rollback_fails(sim: Simulation) -> Process:
    sim.account.sagemaker.stuck.add(STUCK)
    yield from created(sim)
    yield from last(sim).update(properties(ModelDataUrl=STUCK))


def update_cancelled(sim: Simulation) -> Process:
    yield from created(sim)
    yield from last(sim).update(properties(ModelDataUrl=NEW), cancelled_after=60)


def rename(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    renamed = properties(EndpointName="other", **SCALED)
    yield from last(sim).update(renamed)


def rename_that_fails(sim: Simulation) -> Process:
    sim.account.sagemaker.broken.add(BROKEN)
    yield from created(sim)
    renamed = properties(EndpointName="other", ModelDataUrl=BROKEN)
    yield from last(sim).update(renamed)


def rename_that_rolls_back(sim: Simulation) -> Process:
    yield from created(sim)
    renamed = properties(EndpointName="other", **SCALED)
    yield from last(sim).update(renamed, fails_elsewhere=True)


def rename_cancelled(sim: Simulation) -> Process:
    yield from created(sim)
    renamed = properties(EndpointName="other")
    yield from last(sim).update(renamed, cancelled_after=90)


def rename_cancelled_and_deployed_again(sim: Simulation) -> Process:
    """The second time while the endpoint of the first one is being created, which fails."""
    sim.account.sagemaker.broken.add(BROKEN)
    yield from created(sim)
    renamed = properties(EndpointName="other", ModelDataUrl=BROKEN)
    yield from last(sim).update(renamed, cancelled_after=60)
    yield minutes(0.2)
    yield from last(sim).update(renamed)


def retype(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(InstanceType=LARGER, **SCALED))


def retype_that_fails(sim: Simulation) -> Process:
    """There are no instances of the new type."""
    sim.account.sagemaker.broken.add(LARGER)
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(InstanceType=LARGER, **SCALED))


def retype_without_scaling_quota(sim: Simulation) -> Process:
    """Application Auto Scaling refuses the new policy until CloudFormation rolls back."""
    yield from created(sim, **SCALED)
    sim.account.autoscaling.quota_is_used_up = True
    yield from last(sim).update(properties(InstanceType=LARGER, **SCALED))
    sim.account.autoscaling.quota_is_used_up = False
    yield minutes(5)


def retype_without_quota(sim: Simulation) -> Process:
    """UpdateEndpoint is refused after the variant was deregistered."""
    yield from created(sim, **SCALED)
    sim.account.sagemaker.used_up.add(LARGER)
    yield from last(sim).update(properties(InstanceType=LARGER, **SCALED))


def update_with_a_wrong_property(sim: Simulation) -> Process:
    yield from created(sim)
    yield from deploy(sim)
    yield minutes(1)
    yield from last(sim).update(properties(InstanceCount="-1"))
    yield minutes(8)


def renamed_back(sim: Simulation) -> Process:
    """The second rename is cancelled, and the third goes back to the first name."""
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(EndpointName="other", **SCALED))
    sim.begin()
    third = properties(EndpointName="third", **SCALED)
    yield from last(sim).update(third, cancelled_after=60)
    yield from last(sim).update(properties(**SCALED))


def rename_cancelled_and_deleted(sim: Simulation) -> Process:
    """The endpoint of the cancelled rename is still being created when the stack is deleted."""
    yield from created(sim)
    yield from last(sim).update(properties(EndpointName="other"), cancelled_after=60)
    yield from last(sim).delete()


def rename_during_a_roll_out(sim: Simulation) -> Process:
    """The artifact is the stack's, and comes into service under the new name as well."""
    yield from created(sim)
    yield from deploy(sim)
    yield minutes(1)
    yield from last(sim).update(properties(EndpointName="other"))
    yield minutes(12)


def roll_out_during_a_rename(sim: Simulation) -> Process:
    yield from created(sim)
    sim.start(deploy_after(sim, 220))
    yield from last(sim).update(properties(EndpointName="other"))
    yield minutes(12)


def roll_out_during_a_rename_that_is_cancelled(sim: Simulation) -> Process:
    """It comes into service under the name that stays."""
    yield from created(sim)
    sim.start(upload_after(sim, 30))
    yield from last(sim).update(properties(EndpointName="other"), cancelled_after=90)
    yield minutes(12)


def roll_out_during_a_rename_that_rolls_back(sim: Simulation) -> Process:
    yield from created(sim)
    sim.start(upload_after(sim, 60))
    renamed = properties(EndpointName="other")
    yield from last(sim).update(renamed, fails_elsewhere=True)
    yield minutes(12)


def rename_that_fails_during_a_roll_out(sim: Simulation) -> Process:
    """One roll-out is in progress and another one waits; both are for the name that stays."""
    sim.account.sagemaker.broken.add(LARGER)
    yield from created(sim)
    yield from deploy(sim, "s3://models/older/model.tar.gz")
    yield minutes(0.5)
    yield from deploy(sim)
    renamed = properties(EndpointName="other", InstanceType=LARGER)
    yield from last(sim).update(renamed)
    yield minutes(20)


def rename_to_a_foreign_endpoint(sim: Simulation) -> Process:
    theirs(sim, "other")
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(EndpointName="other", **SCALED))
    yield minutes(2)
    yield from last(sim).delete()


SCENARIOS = {
    "update whose rollback fails": Scenario(
        update_whose_rollback_fails, ROLLED_BACK, serves=OLD, reason=PING
    ),
    "rename cancelled and deployed again": Scenario(
        rename_cancelled_and_deployed_again, (*ROLLED_BACK, "UPDATE_ROLLBACK_COMPLETE")
    ),
    "update by model": Scenario(update_by_model, UPDATED, serves=NEW),
    "update that fails": Scenario(update_that_fails, ROLLED_BACK, serves=OLD, reason=PING),
    "update cancelled": Scenario(update_cancelled, ROLLED_BACK, serves=OLD),
    "rename": Scenario(rename, UPDATED),
    "rename that fails": Scenario(rename_that_fails, ROLLED_BACK, reason=PING),
    "rename that rolls back": Scenario(rename_that_rolls_back, ROLLED_BACK),
    "rename cancelled": Scenario(rename_cancelled, ROLLED_BACK),
    "retype": Scenario(retype, UPDATED),
    "retype that fails": Scenario(retype_that_fails, ROLLED_BACK, reason=PING),
    "retype without scaling quota": Scenario(retype_without_scaling_quota, ROLLED_BACK),
    "retype without quota": Scenario(
        retype_without_quota, ROLLED_BACK, reason="ResourceLimitExceeded"
    ),
    "update with a wrong property": Scenario(
        update_with_a_wrong_property, ROLLED_BACK, serves=NEW, reason="InstanceCount"
    ),
    "renamed back": Scenario(
        renamed_back, (*UPDATED, "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE")
    ),
    "rename cancelled and deleted": Scenario(
        rename_cancelled_and_deleted, (*ROLLED_BACK, "DELETE_COMPLETE")
    ),
    "rename during a roll-out": Scenario(rename_during_a_roll_out, UPDATED, serves=NEW),
    "roll-out during a rename that is cancelled": Scenario(
        roll_out_during_a_rename_that_is_cancelled, ROLLED_BACK, serves=ARTIFACT
    ),
    "roll-out during a rename that rolls back": Scenario(
        roll_out_during_a_rename_that_rolls_back, ROLLED_BACK, serves=ARTIFACT
    ),
    "rename that fails during a roll-out": Scenario(
        rename_that_fails_during_a_roll_out,
        ROLLED_BACK,
        serves=NEW,
        reason=PING,
    ),
    "rename to a foreign endpoint": Scenario(
        rename_to_a_foreign_endpoint, (*ROLLED_BACK, "DELETE_COMPLETE"), reason="already exists"
    ),
    "roll-out during a rename": Scenario(roll_out_during_a_rename, UPDATED, serves=NEW),
}
