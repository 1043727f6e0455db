"""Every ending of the table is reached, and what is shown then is its text."""

import json

import pytest
from relay.provision.endpoint import EndpointStatus
from relay.provision.lifecycle.custom_resource import Response
from relay.provision.texts import call_failures, endings
from relay.provision.texts.call_failures import CALL_FAILURES
from relay.provision.texts.ending import CallFailure, Ending
from relay.provision.texts.endings import ENDINGS

from tests.support.provisioning import endings as scenarios
from tests.support.provisioning.endings import SCENARIOS, sweeps, wake
from tests.support.provisioning.requests import create, update
from tests.support.provisioning.roll_outs import A
from tests.support.provisioning.world import World


def shown(world: World) -> list[str]:
    """What CloudFormation, `describe` and the log show."""
    history = [ended.reason for record in world.store.records.values() for ended in record.history]
    reasons = [answer.reason for answer in world.answers]
    logged = [note.text for note in world.notes if "FAILED: " not in note.text]
    return list(dict.fromkeys([*reasons, *history, *logged]))


def test_every_ending_has_its_scenario() -> None:
    assert list(SCENARIOS) == list(ENDINGS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_shows_its_ending_and_no_other(name: str) -> None:
    world = World()
    scenario, _ = SCENARIOS[name]

    scenario(world)

    texts = [text for text in shown(world) if ENDINGS[name].matches(text)]
    assert len(texts) == 1, shown(world)
    assert [other for other, each in ENDINGS.items() if each.matches(texts[0])] == [name]
    assert ".." not in texts[0].replace("...", "")
    assert not texts[0].endswith(".")


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_an_ending_says_of_the_endpoint_comes_true(name: str) -> None:
    world = World()
    scenario, later = SCENARIOS[name]
    scenario(world)

    world.sagemaker.errors.clear()
    world.autoscaler.errors.clear()
    world.settle(17)  # minutes: longer than a step rests

    endpoint = world.endpoint
    assert (endpoint and (endpoint.status, endpoint.config)) == later


def test_every_failure_of_a_call_has_its_scenario() -> None:
    known = {name for name, each in vars(call_failures).items() if isinstance(each, CallFailure)}

    assert set(scenarios.CALL_FAILURES) == known
    assert len(CALL_FAILURES) == len(known)


@pytest.mark.parametrize("name", scenarios.CALL_FAILURES)
def test_a_call_that_fails_says_how_and_what_to_do(name: str) -> None:
    world = World()
    world.sagemaker.errors["create_endpoint"] = scenarios.CALL_FAILURES[name]
    wake(world, create())
    sweeps(world, 54)

    [answer] = world.answers
    failure: CallFailure = getattr(call_failures, name)
    said = failure.text.partition("{cause}")[2].partition("{minutes}")[0]
    assert said in answer.reason
    assert failure.advice in answer.reason
    assert endings.CREATION_GIVEN_UP.matches(answer.reason)


@pytest.mark.parametrize("character", ["y", "é", "模"])
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=list(ENDINGS))
def test_the_end_of_a_text_reaches_cloudformation_whatever_its_values(
    ending: Ending, character: str
) -> None:
    """The end says what to do."""
    names = "name status cause problem problems advice state minutes strategy count stack config"
    values = dict.fromkeys([*names.split(), "before", "request", "task", "names", "again"], "x")
    long = dict.fromkeys(("cause", "problem", "problems", "advice"), character * 5000)
    text = ending.text(**(values | long))

    world = World()
    world.wake(create(InstanceCount="0"))
    sent = Response.failed(world.answers[0].request, text).to_json()

    assert len(sent.encode()) <= 4096
    assert json.loads(sent)["Reason"] == text
    assert text.endswith(ending.template.rpartition("}")[2])


def test_the_advice_about_alarms_is_whole_however_long_their_names_are() -> None:
    alarms = [f"{number}{'a' * 254}" for number in range(10)]
    world = World()
    world.run(create())
    world.wake(update(ModelDataUrl=A, RollbackAlarmNames=alarms))
    world.sagemaker.becomes(EndpointStatus.IN_SERVICE, "")
    world.settle()

    reason = world.answers[-1].reason
    assert "and 6 more" in reason
    assert "WatchRollbackAlarms=false" in reason
    assert json.loads(world.answers[-1].to_json())["Reason"] == reason


def test_no_text_has_words_for_a_successful_end() -> None:
    """A delete is not repeated by a deployment, and an update goes on by itself."""
    assert "eploy again" not in endings.REMOVAL_TOO_LATE.template
    assert "goes on with the update" in endings.UPDATE_TOO_LATE.template
