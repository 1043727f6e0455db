"""A deployment that serves an endpoint which exists already."""

from typing import Any

from relay.provision.specification.existing import Setup

from tests.support.provisioning.properties import PROPERTIES
from tests.support.provisioning.world import World

THEIRS = "their-config-7"
SUCCESS = str(PROPERTIES["SuccessTopicArn"])
ERROR = str(PROPERTIES["ErrorTopicArn"])
FITTING = Setup(
    THEIRS,
    asynchronous=True,
    output_path="s3://relay-data/outputs/",
    failure_path="https://relay-data.s3.us-east-1.amazonaws.com/failures/theirs",
    success_topic_arn=SUCCESS,
    error_topic_arn=ERROR,
)
EXISTING: dict[str, Any] = {"EndpointMode": "existing"}
# Everything by which an endpoint could be changed.
CHANGING = {
    *("create_model", "create_config", "create_endpoint", "update_endpoint"),
    *("delete_endpoint", "delete_config", "delete_model"),
}


def existing_endpoint() -> World:
    """A deployment beside an endpoint that exists already, and fits."""
    world = World()
    world.sagemaker.exists(THEIRS)
    world.sagemaker.setups[THEIRS] = FITTING
    return world


def reason(world: World) -> str:
    (answer,) = world.answers
    return answer.reason


def untouched(world: World) -> bool:
    return not CHANGING & set(world.sagemaker.calls)
