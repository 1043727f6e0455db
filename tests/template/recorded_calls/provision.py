"""What provision calls in the whole life of an endpoint, and with which role."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from relay.provision.specification.endpoint_properties import STACK_TAG

from tests.endpoint_faults.cloudformation import Process
from tests.endpoint_faults.scenarios import SCENARIOS
from tests.endpoint_faults.scenarios.scenario import created, last
from tests.endpoint_faults.simulation import Simulation
from tests.support.aws_fake.clients import Client, Operation
from tests.template.recorded_calls.sdk import SdkCall

_SERVICES = {"autoscaling": "application-autoscaling"}
_DELETIONS = {
    "DeleteEndpoint": ("endpoint", "EndpointName"),
    "DeleteEndpointConfig": ("endpoint-config", "EndpointConfigName"),
    "DeleteModel": ("model", "ModelName"),
}


@dataclass(frozen=True, slots=True)
class ProvisionCall:
    """`endpoint`: what the role covers by name. `tagged`: the resource has the tag of the stack."""

    call: SdkCall
    endpoint: str
    tagged: bool


def provision() -> Iterator[ProvisionCall]:
    """The calls of every scenario without a fault."""
    for scenario in SCENARIOS.values():
        sim = Simulation({})
        sim.beside = scenario.beside
        yield from _played(sim, scenario.play(sim))
    sim = Simulation({})
    yield from _played(sim, _deletion_that_is_denied(sim))


def _deletion_that_is_denied(sim: Simulation) -> Process:
    """Of a model: provision looks whether it is gone."""
    yield from created(sim)
    sim.account.role.deny("delete_model")
    yield from last(sim).delete()
    sim.account.role.allow("delete_model")


def _played(sim: Simulation, process: Process) -> list[ProvisionCall]:
    calls: list[ProvisionCall] = []
    operation_of = Client.__getattr__

    def recorded(client: Client, name: str) -> Operation:
        operation = operation_of(client, name)

        def call(**request: Any) -> Any:
            api_name = "".join(part.capitalize() for part in name.split("_"))
            made = SdkCall(_SERVICES.get(client._name, client._name), api_name, request)
            tagged = _is_tagged(sim, made)
            calls.append(ProvisionCall(made, sim.function.endpoint_name, tagged))
            return operation(**request)

        return call

    with patch.object(Client, "__getattr__", recorded):
        sim.run(process)
    return calls


def _is_tagged(sim: Simulation, call: SdkCall) -> bool:
    if call.operation not in _DELETIONS:
        return False
    kind, member = _DELETIONS[call.operation]
    return bool(sim.account.role.tags_of(kind, call.request[member]).get(STACK_TAG))
