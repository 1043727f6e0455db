"""The owner of the endpoint changes, or the stack has none for a while."""

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.intervention import theirs
from tests.endpoint_faults.scenarios.scenario import NEW, UPDATED, Scenario, created, last
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import SCALED, properties


def none_for_a_while(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).drop()
    yield minutes(3)
    yield from last(sim).add(properties(ModelDataUrl=NEW))


def none_that_fails_to_return(sim: Simulation) -> Process:
    """The endpoint that is added cannot be created; then the stack is deleted."""
    yield from created(sim)
    yield from last(sim).drop()
    sim.account.sagemaker.used_up.add("ml.m5.large")
    yield from last(sim).add(properties())
    last(sim).physical_id = "relay"
    yield minutes(1)
    yield from last(sim).delete()


def handed_over_and_taken_back(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(EndpointMode="existing"))
    yield minutes(2)
    yield from last(sim).update(properties(ModelDataUrl=NEW, **SCALED))


def handed_over_during_a_roll_out(sim: Simulation) -> Process:
    yield from created(sim)
    yield from sim.call(action="deploy", model_data_url=NEW, request_id=NEW)
    yield minutes(3)
    yield from last(sim).update(properties(EndpointMode="existing"))
    yield minutes(2)
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def adoption_that_fails(sim: Simulation) -> Process:
    """There is no endpoint with the other name."""
    yield from created(sim, **SCALED)
    wanted = properties(EndpointMode="existing", EndpointName="other")
    yield from last(sim).update(wanted)


def another_owners_endpoint(sim: Simulation) -> Process:
    """The stack deletes its own endpoint once it serves the other one, and gets its own again."""
    theirs(sim, "other")
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(EndpointMode="existing", EndpointName="other"))
    yield minutes(2)
    yield from last(sim).update(properties(**SCALED))


def handed_over_and_deleted(sim: Simulation) -> Process:
    """The endpoint stays, with all that belongs to it."""
    yield from created(sim, **SCALED)
    yield from last(sim).update(properties(EndpointMode="existing"))
    yield minutes(2)
    sagemaker = sim.account.sagemaker
    sagemaker.foreign |= {"relay", *sagemaker.models, *sagemaker.configs}
    yield from last(sim).delete()


SCENARIOS = {
    "none for a while": Scenario(none_for_a_while, (*UPDATED, "UPDATE_COMPLETE"), serves=NEW),
    "none that fails to return": Scenario(
        none_that_fails_to_return,
        (*UPDATED, "UPDATE_ROLLBACK_COMPLETE", "DELETE_COMPLETE"),
        reason="ResourceLimitExceeded",
    ),
    "handed over and taken back": Scenario(
        handed_over_and_taken_back, (*UPDATED, "UPDATE_COMPLETE"), serves=NEW
    ),
    "handed over during a roll-out": Scenario(
        handed_over_during_a_roll_out, (*UPDATED, "UPDATE_COMPLETE"), serves=NEW
    ),
    "handed over and deleted": Scenario(
        handed_over_and_deleted, (*UPDATED, "DELETE_COMPLETE"), by_hand=True
    ),
    "adoption that fails": Scenario(
        adoption_that_fails, ("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    ),
    "another owner's endpoint": Scenario(another_owners_endpoint, (*UPDATED, "UPDATE_COMPLETE")),
}
