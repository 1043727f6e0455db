"""People change what the relay made, or the endpoint is theirs."""

from datetime import timedelta

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenario import GONE, NEW, UPDATED, Scenario, created, last
from tests.endpoint_faults.simulation import Simulation, minutes
from tests.support.provisioning.properties import PROPERTIES, properties


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


def existing_endpoint(sim: Simulation) -> Process:
    """The stack serves an endpoint that its owner made; it changes to it, and is deleted."""
    sagemaker, now = sim.account.sagemaker, sim.account.clock.now()
    output = {
        "S3OutputPath": PROPERTIES["S3OutputPath"],
        "S3FailurePath": PROPERTIES["S3FailurePath"],
        "NotificationConfig": {
            "SuccessTopic": PROPERTIES["SuccessTopicArn"],
            "ErrorTopic": PROPERTIES["ErrorTopicArn"],
        },
    }
    variant = {"VariantName": "AllTraffic", "ModelName": "theirs", "InitialInstanceCount": 1}
    sagemaker.adopt_foreign(
        "relay",
        "their-config",
        {"ProductionVariants": [variant], "AsyncInferenceConfig": {"OutputConfig": output}},
        now - timedelta(days=3),
    )
    sim.account.role.by_name = False
    yield from sim.stack().create(properties(EndpointMode="existing"))
    yield minutes(2)
    yield from last(sim).delete()


SCENARIOS = {
    "endpoint deleted by hand": Scenario(endpoint_deleted_by_hand, UPDATED, serves=NEW),
    "foreign configuration": Scenario(foreign_configuration, GONE, by_hand=True),
    "capacity by hand": Scenario(capacity_by_hand, UPDATED, serves=NEW, by_hand=True),
    "record deleted": Scenario(record_deleted, GONE),
    "existing endpoint": Scenario(existing_endpoint, GONE),
}
