"""Roll-outs by direct calls and by uploads."""

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.scenario import (
    ARTIFACT,
    BROKEN,
    COMPLETE,
    GONE,
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

SECOND = "models/uploaded/later/model.tar.gz"


def roll_out_by_call(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from deploy(sim)
    yield minutes(10)


def roll_out_by_upload(sim: Simulation) -> Process:
    yield from created(sim)
    sim.upload(ARTIFACT, "v1")
    yield minutes(10)


def two_uploads(sim: Simulation) -> Process:
    yield from created(sim)
    sim.upload(ARTIFACT, "v1")
    yield minutes(1 / 3)
    sim.upload(SECOND, "v2")
    yield minutes(20)


def upload_early(sim: Simulation) -> Process:
    """An artifact arrives 20 s after CloudFormation's request."""
    sim.start(upload_after(sim, 25))
    yield from sim.stack().create(properties())
    yield minutes(10)


def roll_out_that_fails(sim: Simulation) -> Process:
    sim.account.sagemaker.broken.add(BROKEN)
    yield from created(sim)
    yield from deploy(sim, BROKEN)
    yield minutes(12)


def failed_model_again(sim: Simulation) -> Process:
    """The second time it comes into service."""
    sim.account.sagemaker.broken.add(BROKEN)
    yield from created(sim)
    yield from deploy(sim, BROKEN)
    yield minutes(16)
    sim.account.sagemaker.broken.clear()
    yield from sim.call(action="deploy", model_data_url=BROKEN, request_id="again")
    yield minutes(10)


def rollback(sim: Simulation) -> Process:
    yield from created(sim)
    yield from deploy(sim)
    yield minutes(8)
    sim.begin()
    yield from sim.call(action="rollback", request_id="back")
    yield minutes(10)


def roll_out_during_an_update(sim: Simulation) -> Process:
    yield from created(sim)
    sim.start(deploy_after(sim, 60))
    yield from last(sim).update(properties(InstanceType=LARGER))
    yield minutes(12)


def delete_during_a_roll_out(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from deploy(sim)
    yield minutes(1)
    yield from last(sim).delete()


def roll_out_that_gets_stuck(sim: Simulation) -> Process:
    """Neither the update nor SageMaker's rollback succeeds: the relay repairs the endpoint."""
    sim.account.sagemaker.stuck.add(STUCK)
    yield from created(sim, **SCALED)
    yield from deploy(sim, STUCK)
    yield minutes(20)


def failed_endpoint_repaired(sim: Simulation) -> Process:
    """SageMaker gives the endpoint up, and the next roll-out makes it anew."""
    yield from created(sim)
    sim.account.sagemaker.fail("relay")
    yield minutes(2)
    yield from deploy(sim)
    yield minutes(15)


def failed_endpoint_without_quota(sim: Simulation) -> Process:
    """CreateEndpoint is refused for 25 minutes after the failed endpoint was deleted."""
    yield from created(sim)
    sim.account.sagemaker.fail("relay")
    yield minutes(2)
    sim.account.sagemaker.used_up.add("ml.m5.large")
    yield from deploy(sim)
    yield minutes(25)
    sim.account.sagemaker.used_up.clear()
    yield minutes(25)


def rollback_during_an_update(sim: Simulation) -> Process:
    """What served before the update serves again."""
    yield from created(sim)
    sim.start(_rollback_after(sim, 240))
    yield from last(sim).update(properties(ModelDataUrl=NEW))
    yield minutes(12)


def _rollback_after(sim: Simulation, seconds: float) -> Process:
    yield minutes(seconds / 60)
    yield from sim.call(action="rollback", request_id="back")


def roll_out_during_an_update_that_fails(sim: Simulation) -> Process:
    sim.account.sagemaker.broken.add(BROKEN)
    yield from created(sim)
    sim.start(deploy_after(sim, 60))
    yield from last(sim).update(properties(ModelDataUrl=BROKEN))
    yield minutes(20)


def delete_while_an_upload_waits(sim: Simulation) -> Process:
    yield from created(sim)
    yield from deploy(sim)
    yield minutes(1)
    sim.upload(ARTIFACT, "v1")
    yield minutes(1)
    yield from last(sim).delete()


def upload_delivered_late(sim: Simulation) -> Process:
    """S3's event of an older upload comes 40 minutes after that of a newer one."""
    yield from created(sim)
    sim.function.delay = 40 * 60
    sim.upload(ARTIFACT, "v1")
    sim.function.delay = 1.0
    sim.upload(SECOND, "v2")
    yield minutes(50)


SCENARIOS = {
    "roll-out by call": Scenario(roll_out_by_call, COMPLETE, serves=NEW),
    "roll-out by upload": Scenario(roll_out_by_upload, COMPLETE, serves=ARTIFACT),
    "two uploads": Scenario(two_uploads, COMPLETE, serves=SECOND),
    "upload early": Scenario(upload_early, COMPLETE, serves=ARTIFACT),
    "roll-out that fails": Scenario(roll_out_that_fails, COMPLETE, serves=OLD, beside=BROKEN),
    "failed model again": Scenario(failed_model_again, COMPLETE, serves=BROKEN),
    "rollback": Scenario(rollback, COMPLETE, serves=OLD),
    "roll-out during an update": Scenario(roll_out_during_an_update, UPDATED, serves=NEW),
    "delete during a roll-out": Scenario(delete_during_a_roll_out, GONE),
    "roll-out that gets stuck": Scenario(roll_out_that_gets_stuck, COMPLETE, serves=OLD),
    "failed endpoint without quota": Scenario(failed_endpoint_without_quota, COMPLETE, serves=OLD),
    "rollback during an update": Scenario(rollback_during_an_update, UPDATED, serves=OLD),
    "roll-out during an update that fails": Scenario(
        roll_out_during_an_update_that_fails, ROLLED_BACK, serves=NEW, reason=PING
    ),
    "delete while an upload waits": Scenario(delete_while_an_upload_waits, GONE),
    "upload delivered late": Scenario(upload_delivered_late, COMPLETE, serves=SECOND),
    "failed endpoint repaired": Scenario(failed_endpoint_repaired, COMPLETE, serves=NEW),
}
