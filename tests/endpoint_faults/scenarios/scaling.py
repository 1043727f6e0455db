"""The stack is updated: its endpoint is scaled otherwise, or asleep meanwhile."""

import json

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.scenario import LARGER, NEW, UPDATED, Scenario, created, last
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import SCALED, SCHEDULED, properties


def scaling_on(sim: Simulation) -> Process:
    yield from created(sim)
    yield from last(sim).update(properties(**SCALED))


def scaling_changed(sim: Simulation) -> Process:
    """It no longer sleeps."""
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(**{**SCALED, "MinInstanceCount": "1"}))


def schedule_shortened(sim: Simulation) -> Process:
    yield from created(sim, **SCHEDULED)
    (night, _) = json.loads(SCHEDULED["ScalingSchedule"])
    yield from last(sim).update(properties(**SCHEDULED | {"ScalingSchedule": json.dumps([night])}))


def scaling_off(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties())


def scaling_off_at_the_moment_of_sleep(sim: Simulation) -> Process:
    """The last instance is taken away after the last look at the endpoint."""
    yield from created(sim, **SCALED)
    sim.account.autoscaling.sleeps_before_deregistration = True
    yield from last(sim).update(properties())


def update_of_a_sleeping_endpoint(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    sim.account.autoscaling.sleep("relay")
    yield minutes(3)
    yield from last(sim).update(properties(ModelDataUrl=NEW, **SCALED))


def update_of_an_endpoint_that_wakes(sim: Simulation) -> Process:
    """Application Auto Scaling has begun to add an instance."""
    yield from created(sim, **SCALED)
    sim.account.autoscaling.sleep("relay")
    yield minutes(3)
    sim.start(_scaled_after(sim, 4))
    yield from last(sim).update(properties(ModelDataUrl=NEW, **SCALED))


def update_of_an_endpoint_that_falls_asleep(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    sim.account.autoscaling.sleep("relay")
    yield from last(sim).update(properties(InstanceType=LARGER, **SCALED))


def _scaled_after(sim: Simulation, seconds: float) -> Process:
    yield minutes(seconds / 60)
    sim.account.sagemaker.scale("relay", 1)


def scaling_on_in_a_fresh_account(sim: Simulation) -> Process:
    sim.account.autoscaling.role_made = None
    yield from created(sim)
    yield from last(sim).update(properties(**SCALED))


SCENARIOS = {
    "scaling on": Scenario(scaling_on, UPDATED),
    "scaling changed": Scenario(scaling_changed, UPDATED),
    "schedule shortened": Scenario(schedule_shortened, UPDATED),
    "scaling off": Scenario(scaling_off, UPDATED),
    "scaling off at the moment of sleep": Scenario(scaling_off_at_the_moment_of_sleep, UPDATED),
    "update of an endpoint that wakes": Scenario(
        update_of_an_endpoint_that_wakes, UPDATED, serves=NEW
    ),
    "update of an endpoint that falls asleep": Scenario(
        update_of_an_endpoint_that_falls_asleep, UPDATED
    ),
    "scaling on in a fresh account": Scenario(scaling_on_in_a_fresh_account, UPDATED),
    "update of a sleeping endpoint": Scenario(update_of_a_sleeping_endpoint, UPDATED, serves=NEW),
}
