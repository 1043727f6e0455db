"""An endpoint with a roll-out under way, and a stack's update and another roll-out that wait.

`python roll_outs.py record` leaves it as JSON, and `python roll_outs.py go_on` goes on with the one
on standard input, with the version of the repository in PYTHONPATH (see `stages`).
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.record import Record
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, deploy, update
from tests.support.provisioning.world import World

Json = dict[str, Any]

UNDER_WAY: Final = "s3://models/under-way.tar.gz"
WAITING: Final = "s3://models/waiting.tar.gz"
STACKS: Final = "ml.m5.4xlarge"  # the instance type that the update of the stack asks for


def record(_: Json) -> Json:
    world = World()
    world.run(create())
    world.wake(deploy(UNDER_WAY))
    world.wake(update("update-1", InstanceType=STACKS))
    world.wake(deploy(WAITING))
    return to_document(world)


def go_on(document: Json) -> Json:
    world = from_document(document)
    world.settle()
    return {
        "roll_outs": [list(each) for each in world.roll_outs],
        "responses": [[each.request.request_id, each.reason] for each in world.answers],
        "serves": _serving(world),
    }


def _serving(world: World) -> list[str | None]:
    serving = world.sagemaker.configs[world.sagemaker.endpoints[ENDPOINT].config]
    return [serving.model_data_url, serving.instance_type]


def to_document(world: World) -> Json:
    """What outlives a deployment: the record, and what SageMaker has."""
    sagemaker = world.sagemaker
    endpoint = sagemaker.endpoints[ENDPOINT]
    return {
        "now": world.clock.now().isoformat(),
        "record": to_json(world.store.records[ENDPOINT]),
        "models": {name: to_json(each) for name, each in sagemaker.models.items()},
        "configs": {name: to_json(each) for name, each in sagemaker.configs.items()},
        "endpoint": {
            **asdict(endpoint),
            "status": endpoint.status.value,
            "last_modified": endpoint.last_modified and endpoint.last_modified.isoformat(),
        },
        "pending": sagemaker.pending,
        "counts": sagemaker.counts,
        "pending_counts": sagemaker._pending_counts,
    }


def from_document(document: Json) -> World:
    """The same endpoint with this version of the code."""
    world = World()
    world.clock.time = datetime.fromisoformat(document["now"])
    world.store.records[ENDPOINT] = from_json(Record, document["record"])
    sagemaker = world.sagemaker
    for name, text in document["models"].items():
        sagemaker.models[name] = from_json(Specification, text)
    for name, text in document["configs"].items():
        sagemaker.configs[name] = from_json(Specification, text)
    endpoint = document["endpoint"]
    sagemaker.endpoints[ENDPOINT] = EndpointDescription(
        **{
            **endpoint,
            "status": EndpointStatus(endpoint["status"]),
            "last_modified": datetime.fromisoformat(endpoint["last_modified"]),
        }
    )
    sagemaker.pending.update(document["pending"])
    sagemaker.counts.update(document["counts"])
    sagemaker._pending_counts.update(document["pending_counts"])
    sagemaker.updates += [sagemaker.configs[config] for config in document["pending"].values()]
    return world


ACTS: Final[dict[str, Callable[[Json], Json]]] = {"record": record, "go_on": go_on}

if __name__ == "__main__":
    json.dump(ACTS[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
