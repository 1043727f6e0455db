"""AWS takes so long that CloudFormation's hour ends."""

from datetime import timedelta

from relay.provision.lifecycle.rollouts import DECIDE_WITHIN

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.scenario import (
    COMPLETE,
    GONE,
    NEW,
    OLD,
    ROLLED_BACK,
    UPDATED,
    Scenario,
    created,
    last,
)
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.aws_fake.calls import Call
from tests.support.aws_fake.faults import Denial
from tests.support.provisioning.properties import properties

# From the beginning of an operation of the stack until the function has the request.
DELIVERY = 6.1


def create_until_the_deadline(sim: Simulation) -> Process:
    """The endpoint comes into service as the relay stops waiting for it."""
    _until_the_deadline(sim)
    yield from sim.stack().create(properties())


def update_until_the_deadline(sim: Simulation) -> Process:
    yield from created(sim)
    _until_the_deadline(sim)
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def delete_until_the_deadline(sim: Simulation) -> Process:
    yield from created(sim)
    _until_the_deadline(sim)
    yield from last(sim).delete()
    if last(sim).stuck:
        yield minutes(5)
        yield from last(sim).delete()


def _until_the_deadline(sim: Simulation) -> None:
    """SageMaker ends a moment after the first look of the sweep that finds the time to be over."""
    deadline = sim.account.clock.seconds + DELIVERY + DECIDE_WITHIN.total_seconds()
    sim.account.sagemaker.not_before = sim.next_sweep(deadline) + 0.15
    sim.start(_begin_after(sim, 50))


def _begin_after(sim: Simulation, wait: float) -> Process:
    """What happens before is tried in other scenarios."""
    yield minutes(wait)
    sim.begin()


def create_delivered_late(sim: Simulation) -> Process:
    """Lambda delivers the request when CloudFormation no longer waits for it."""
    sim.function.delay = 75 * 60
    sim.start(_punctual_again(sim))
    yield from sim.stack().create(properties())


def _punctual_again(sim: Simulation) -> Process:
    yield minutes(10)
    sim.function.delay = 1.0


def update_delivered_late(sim: Simulation) -> Process:
    yield from created(sim)
    sim.function.delay = 75 * 60
    sim.start(_punctual_again(sim))
    yield from last(sim).update(properties(ModelDataUrl=NEW))
    yield minutes(60)


def table_away_after_the_answer(sim: Simulation) -> Process:
    """The answer is delivered, and cannot be written down until CloudFormation's hour is over."""
    sim.account.calls.before.append(lambda call: _table_away(sim, call))
    yield from sim.stack().create(properties())
    yield minutes(65)


def _table_away(sim: Simulation, call: Call) -> None:
    state = sim.account.sagemaker.state("relay")
    if call.service == "cloudformation" and state and state.status == "InService":
        until = sim.account.clock.began + timedelta(minutes=62)
        sim.account.calls.denials.append(Denial("dynamodb", "", "", until))


def create_delivered_after_40_minutes(sim: Simulation) -> Process:
    sim.function.delay = 40 * 60
    sim.start(_punctual_again(sim))
    yield from sim.stack().create(properties())


def update_delivered_after_40_minutes(sim: Simulation) -> Process:
    yield from created(sim)
    sim.function.delay = 40 * 60
    sim.start(_punctual_again(sim))
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def delete_delivered_after_40_minutes(sim: Simulation) -> Process:
    yield from created(sim)
    sim.function.delay = 40 * 60
    sim.start(_punctual_again(sim))
    yield from last(sim).delete()


def table_away(sim: Simulation) -> Process:
    """Before the request arrives, and for so long that its invocations fail."""
    yield from created(sim)
    _away_for(sim, 12)
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def table_away_at_a_delete(sim: Simulation) -> Process:
    yield from created(sim)
    _away_for(sim, 12)
    yield from last(sim).delete()


def table_away_for_an_hour(sim: Simulation) -> Process:
    """CloudFormation's request fails; its rollback finds the table again."""
    yield from created(sim)
    _away_for(sim, 56)
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def _away_for(sim: Simulation, wait: float) -> None:
    until = sim.account.clock.now() + timedelta(minutes=wait)
    sim.account.calls.denials.append(Denial("dynamodb", "", "", until))


def update_and_rollback_too_late(sim: Simulation) -> Process:
    """SageMaker works on one update for three hours, and a person continues the rollback."""
    yield from created(sim)
    sim.account.sagemaker.takes.updating = 3 * 3600
    yield from last(sim).update(properties(ModelDataUrl=NEW))
    sim.account.sagemaker.takes.updating = 300
    yield minutes(80)
    if last(sim).stuck:
        yield from last(sim).continue_rollback()


def update_too_late_and_deleted(sim: Simulation) -> Process:
    """SageMaker still works on the update when the stack is deleted."""
    yield from created(sim)
    sim.account.sagemaker.takes.updating = 3 * 3600
    yield from last(sim).update(properties(ModelDataUrl=NEW))
    yield from last(sim).delete()
    yield minutes(40)
    yield from last(sim).delete()


def tried_again_too_late(sim: Simulation) -> Process:
    """The first try stores the request and fails; Lambda holds the next one back for too long."""
    _fails_at_first(sim, "create_model")
    yield from sim.stack().create(properties())
    yield minutes(60)


def delete_tried_again_too_late(sim: Simulation) -> Process:
    yield from created(sim)
    _fails_at_first(sim, "delete_endpoint")
    yield from last(sim).delete()
    if last(sim).stuck:
        yield from last(sim).delete()


def update_tried_again_too_late(sim: Simulation) -> Process:
    yield from created(sim)
    _fails_at_first(sim, "create_model")
    yield from last(sim).update(properties(ModelDataUrl=NEW))
    yield minutes(60)


def _fails_at_first(sim: Simulation, operation: str) -> None:
    sim.function.pauses = (51 * 60,)
    until = sim.account.clock.now() + timedelta(seconds=20)
    sim.account.calls.denials.append(Denial("sagemaker", operation, "", until))


SCENARIOS = {
    "create until the deadline": Scenario(
        create_until_the_deadline, COMPLETE, or_else=("ROLLBACK_COMPLETE",)
    ),
    "update until the deadline": Scenario(update_until_the_deadline, ROLLED_BACK, or_else=UPDATED),
    "delete until the deadline": Scenario(
        delete_until_the_deadline,
        ("CREATE_COMPLETE", "DELETE_FAILED", "DELETE_COMPLETE"),
        or_else=GONE,
    ),
    "create delivered late": Scenario(
        create_delivered_late, ("ROLLBACK_COMPLETE",), late="create-1-1"
    ),
    "update delivered late": Scenario(
        update_delivered_late, ROLLED_BACK, serves=OLD, late="update-1-2"
    ),
    "create delivered after 40 minutes": Scenario(create_delivered_after_40_minutes, COMPLETE),
    "update delivered after 40 minutes": Scenario(update_delivered_after_40_minutes, UPDATED),
    "delete delivered after 40 minutes": Scenario(delete_delivered_after_40_minutes, GONE),
    "table away": Scenario(table_away, UPDATED),
    "table away at a delete": Scenario(table_away_at_a_delete, GONE),
    "table away for an hour": Scenario(table_away_for_an_hour, ROLLED_BACK),
    "update and rollback too late": Scenario(
        update_and_rollback_too_late,
        ("CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    ),
    "update too late and deleted": Scenario(
        update_too_late_and_deleted,
        ("CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "DELETE_COMPLETE"),
    ),
    "tried again too late": Scenario(
        tried_again_too_late, COMPLETE, or_else=("ROLLBACK_COMPLETE",)
    ),
    "update tried again too late": Scenario(
        update_tried_again_too_late, UPDATED, or_else=ROLLED_BACK
    ),
    "delete tried again too late": Scenario(
        delete_tried_again_too_late,
        GONE,
        or_else=("CREATE_COMPLETE", "DELETE_FAILED", "DELETE_COMPLETE"),
    ),
    "table away after the answer": Scenario(table_away_after_the_answer, COMPLETE),
}
