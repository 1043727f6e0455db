"""Requests of CloudFormation that Lambda could not hand over, in the queue of provision."""

import json

from tests.support.provisioning.properties import properties
from tests.support.provisioning.requests import STACK
from tests.support.provisioning.world import World


def event(
    kind: str = "Create", request_id: str = "create-1", **members: object
) -> dict[str, object]:
    return {
        "RequestType": kind,
        "RequestId": request_id,
        "ResponseURL": f"https://answers.example/{request_id}?secret",
        "StackId": STACK,
        "LogicalResourceId": "Endpoint",
        "ResourceProperties": properties(),
        **members,
    }


def fail(
    world: World,
    payload: object,
    condition: str = "RetriesExhausted",
    receipt: str = "receipt",
) -> None:
    """Lambda has tried three times, and sends the event to the on-failure destination."""
    world.clock.pass_minutes(4)
    world.failed.bodies[receipt] = json.dumps(
        {
            "version": "1.0",
            "timestamp": world.clock.now().isoformat(),
            "requestContext": {"condition": condition, "approximateInvokeCount": 3},
            "requestPayload": payload,
        }
    )
