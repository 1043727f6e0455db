"""People change what the relay made, or the endpoint is theirs."""

from datetime import timedelta

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios.scenario import (
    COMPLETE,
    GONE,
    NEW,
    OLD,
    UPDATED,
    Scenario,
    created,
    deploy,
    last,
)
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import PROPERTIES, SCALED, properties


def endpoint_deleted_by_hand(sim: Simulation) -> Process:
    yield from created(sim)
    sim.account.sagemaker.delete(sim.account.sagemaker.endpoints["relay"])
    yield minutes(3)
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def foreign_configuration(sim: Simulation) -> Process:
    """Another caller updates the endpoint to a foreign configuration; then the stack is deleted."""
    yield from created(sim)
    sim.account.sagemaker.replace("relay", "their-config")
    yield minutes(3)
    yield from last(sim).delete()


def capacity_by_hand(sim: Simulation) -> Process:
    yield from created(sim)
    sim.account.sagemaker.scale("relay", 3)
    yield minutes(3)
    yield from last(sim).update(properties(ModelDataUrl=NEW))


def record_deleted(sim: Simulation) -> Process:
    yield from created(sim)
    sim.account.tables.items.clear()
    yield from last(sim).delete()


def theirs(sim: Simulation, name: str) -> None:
    """An endpoint that its owner made, and which suits the stack."""
    output = {
        "S3OutputPath": PROPERTIES["S3OutputPath"],
        "S3FailurePath": PROPERTIES["S3FailurePath"],
        "NotificationConfig": {
            "SuccessTopic": PROPERTIES["SuccessTopicArn"],
            "ErrorTopic": PROPERTIES["ErrorTopicArn"],
        },
    }
    variant = {"VariantName": "AllTraffic", "ModelName": "theirs", "InitialInstanceCount": 1}
    sim.account.sagemaker.adopt_foreign(
        name,
        "their-config",
        {"ProductionVariants": [variant], "AsyncInferenceConfig": {"OutputConfig": output}},
        sim.account.clock.now() - timedelta(days=3),
    )


def existing_endpoint(sim: Simulation) -> Process:
    """The stack serves an endpoint that its owner made; it changes to it, and is deleted."""
    theirs(sim, "relay")
    sim.account.role.by_name = False
    yield from sim.stack().create(properties(EndpointMode="existing"))
    yield minutes(2)
    yield from last(sim).delete()


def configuration_deleted_by_hand(sim: Simulation) -> Process:
    """An operator deletes the models and configurations, also the ones in service."""
    yield from created(sim)
    yield from deploy(sim)
    yield minutes(8)
    sim.account.sagemaker.configs.clear()
    sim.account.sagemaker.models.clear()
    sim.begin()
    yield from sim.call(action="rollback", request_id="back")
    yield minutes(10)


def endpoint_deleted_during_an_update(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    sim.start(_deleted_after(sim, 100))
    yield from last(sim).update(properties(ModelDataUrl=NEW, **SCALED))


def endpoint_deleted_during_its_creation(sim: Simulation) -> Process:
    sim.start(_deleted_after(sim, 100))
    yield from sim.stack().create(properties())


def endpoint_deleted_during_its_deletion(sim: Simulation) -> Process:
    yield from created(sim, **SCALED)
    sim.account.sagemaker.delete(sim.account.sagemaker.endpoints["relay"])
    yield from last(sim).delete()


def _deleted_after(sim: Simulation, seconds: float) -> Process:
    yield minutes(seconds / 60)
    endpoint = sim.account.sagemaker.endpoints.get("relay")
    if endpoint and endpoint.state:
        sim.account.sagemaker.delete(endpoint)


SCENARIOS = {
    "endpoint deleted by hand": Scenario(endpoint_deleted_by_hand, UPDATED, serves=NEW),
    "foreign configuration": Scenario(foreign_configuration, GONE, by_hand=True),
    "capacity by hand": Scenario(capacity_by_hand, UPDATED, serves=NEW, by_hand=True),
    "record deleted": Scenario(record_deleted, GONE),
    "existing endpoint": Scenario(existing_endpoint, GONE),
    "configuration deleted by hand": Scenario(configuration_deleted_by_hand, COMPLETE, serves=OLD),
    "endpoint deleted during an update": Scenario(endpoint_deleted_during_an_update, UPDATED),
    "endpoint deleted during its creation": Scenario(
        endpoint_deleted_during_its_creation, COMPLETE
    ),
    "endpoint deleted during its deletion": Scenario(endpoint_deleted_during_its_deletion, GONE),
}
