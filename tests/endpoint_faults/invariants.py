"""What must hold at each answer, and when nothing more happens."""

from collections.abc import Iterator
from dataclasses import astuple
from itertools import chain
from typing import Final

from relay.errors import ConfigurationError
from relay.provision.specification.read import read_specification

from tests.endpoint_faults.cloudformation import TIMEOUT, Answer, Properties, Sent, Stack
from tests.endpoint_faults.scenarios.scenario import Scenario
from tests.endpoint_faults.simulation import Simulation
from tests.support.aws_fake.faults import Kind
from tests.support.provisioning.properties import REGION

# The generation in service and the one before it.
_KEPT: Final = 2


def watch(sim: Simulation, scenario: Scenario) -> list[str]:
    """Check every answer when it arrives. The list grows with what does not hold."""
    broken: list[str] = []

    def on_answer(sent: Sent, answer: Answer) -> None:
        if sent.type != "Delete" and answer.success:
            found = _not_as_asked(sim, answer.physical_id, sent.properties, scenario)
            if not scenario.by_hand and not _goes_back(sim, sent):
                found = chain(found, _not_scaled_as_asked(sim, answer.physical_id, sent.properties))
            broken.extend(f"SUCCESS to {sent.request_id}, but {problem}" for problem in found)
        if sent.type == "Delete" and answer.success:
            left = list(_left(sim, sent.physical_id, scenario))
            if left:
                broken.append(f"SUCCESS to {sent.request_id}, but left: {', '.join(left)}")

    sim.on_answer = on_answer  # type: ignore[method-assign]
    return broken


def _goes_back(sim: Simulation, sent: Sent) -> bool:
    """Whether it restores what succeeded before: its scaling may follow later."""
    return sent.type == "Update" and any(
        earlier.answers and earlier.answers[0][1].success and earlier.properties == sent.properties
        for earlier in sim.sent.values()
        if earlier is not sent
    )


def check(sim: Simulation, scenario: Scenario, kinds: list[Kind]) -> Iterator[str]:
    """What does not hold at the end."""
    # A long fault, or several, may be the reason of a failure themselves.
    long = Kind.DENIED_LONG in kinds or len(kinds) > 1
    yield from sim.function.violations
    yield from sim.account.sagemaker.violations
    for sent in sim.sent.values():
        yield from _answered_once(sent, scenario)
        if not long:
            yield from _with_its_reason(sent, scenario)
    outcomes = tuple(status for stack in sim.stacks for status in stack.outcomes)
    if outcomes not in (scenario.outcomes, scenario.or_else) and not long:
        yield f"the stack ended with {' '.join(outcomes) or 'nothing'}"
    stack = sim.stacks[-1]
    if stack.stuck:
        yield f"the stack is stuck in {stack.status}"
    elif stack.deleted:
        if left := ", ".join(_left(sim, "", scenario)):
            yield f"left: {left}"
    else:
        yield from _live(sim, stack, scenario, long=long)


def _answered_once(sent: Sent, scenario: Scenario) -> Iterator[str]:
    waits = sent.cancelled_after is None and sent.request_id != scenario.late
    if waits and not any(after <= TIMEOUT for after, _ in sent.answers):
        yield f"{sent.request_id} was not answered within the hour"
    for _, other in sent.answers[1:]:
        first = sent.answers[0][1]
        if (other.status, other.physical_id) != (first.status, first.physical_id):
            yield f"{sent.request_id} was answered {first} and then {other}"


def _with_its_reason(sent: Sent, scenario: Scenario) -> Iterator[str]:
    for _, answer in sent.answers[:1]:
        if not answer.success and scenario.reason not in answer.reason:
            yield f"{sent.request_id} failed without SageMaker's reason: {answer.reason}"


def _live(sim: Simulation, stack: Stack, scenario: Scenario, *, long: bool) -> Iterator[str]:
    """The endpoint of a stack that stands serves what it should, and nothing else is left."""
    name = stack.physical_id
    yield from _not_as_asked(sim, name, stack.properties, scenario)
    if not scenario.by_hand:
        yield from _not_scaled_as_asked(sim, name, stack.properties)
    if scenario.serves and not long and not sim.rolls_out_beside:
        config = sim.account.sagemaker.state(name)
        serving = sim.account.sagemaker.artifact(config.config) if config else ""
        if not serving.endswith(scenario.serves):
            yield f"in the end {serving or 'nothing'} serves"
    names = {str(s.properties.get("EndpointName")) for s in sim.sent.values()}
    for other in names - {name}:
        if left := ", ".join(_left(sim, other, scenario)):
            yield f"left: {left}"
    for kind, found in (("models", _models(sim, name)), ("configurations", _configs(sim, name))):
        if len(found) > _KEPT:
            yield f"{len(found)} {kind} are left: {' '.join(found)}"


def _not_as_asked(
    sim: Simulation, name: str, properties: Properties, scenario: Scenario
) -> Iterator[str]:
    if scenario.by_hand or properties.get("EndpointMode") == "existing":
        return
    state = sim.account.sagemaker.state(name)
    if state is None or state.status not in ("InService", "Updating"):
        yield f"endpoint {name} is {state.status if state else 'absent'}"
        return
    try:
        wanted = read_specification(properties, REGION)
    except ConfigurationError:
        return
    if wanted.endpoint_name != name:
        yield f"endpoint {name} serves for {wanted.endpoint_name}"
        return
    in_service = sim.account.sagemaker.endpoints[name].state_in_service
    rolled_out = scenario.serves or sim.rolls_out_beside
    if not rolled_out and in_service != wanted.generation.config:
        yield f"endpoint {name} serves {in_service} instead of {wanted.generation.config}"


def _not_scaled_as_asked(sim: Simulation, name: str, properties: Properties) -> Iterator[str]:
    state = sim.account.sagemaker.state(name)
    if state is None or properties.get("EndpointMode") == "existing":
        return
    try:
        wanted = read_specification(properties, REGION)
    except ConfigurationError:
        return
    bounds = sim.account.autoscaling.bounds(name)
    asked = (wanted.scaling.minimum, wanted.scaling.maximum) if wanted.scaling else None
    actions = [astuple(each) for each in wanted.scaling.schedule] if wanted.scaling else []
    if bounds != asked:
        yield f"endpoint {name} is scaled {bounds} instead of {asked}"
    if (found := sim.account.autoscaling.schedule(name)) != actions:
        yield f"endpoint {name} has the schedule {found} instead of {actions}"
    if asked is None and state.desired != wanted.instance_count:
        yield f"endpoint {name} has {state.desired} instances, and no scaling"
    wakes = f"stack-wake-{name}" in sim.account.cloudwatch.alarms
    if wakes is not bool(wanted.scaling and wanted.scaling.sleeps):
        yield f"endpoint {name} has {'an' if wakes else 'no'} alarm that scales it out from zero"


def _left(sim: Simulation, name: str, scenario: Scenario) -> Iterator[str]:
    """What is left of an endpoint of this name, or of any."""
    account = sim.account
    for each in account.sagemaker.endpoints.values():
        ours = each.state and not {each.name, each.state.config} & account.sagemaker.foreign
        if ours and each.name.startswith(name):
            yield f"endpoint {each.name}"
    yield from (f"model {each}" for each in _models(sim, name))
    yield from (f"configuration {each}" for each in _configs(sim, name))
    if scenario.by_hand:
        return
    for resource in account.autoscaling.targets:
        if name in resource:
            yield f"scalable target {resource}"
    yield from (f"alarm {each}" for each in account.cloudwatch.alarms if name in each)


def _models(sim: Simulation, name: str) -> list[str]:
    sagemaker = sim.account.sagemaker
    return [
        each for each in sagemaker.models if each.startswith(name) and each not in sagemaker.foreign
    ]


def _configs(sim: Simulation, name: str) -> list[str]:
    sagemaker = sim.account.sagemaker
    return [
        each
        for each in sagemaker.configs
        if each.startswith(name) and each not in sagemaker.foreign
    ]
