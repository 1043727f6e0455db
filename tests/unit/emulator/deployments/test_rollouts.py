"""Roll-outs of an endpoint: which fleet serves when, and how SageMaker shows it."""

from collections import Counter
from typing import Any

import pytest
from async_endpoint_emulator.errors import AwsError

from tests.support.emulator.rehearsing import Scene, blue_green, play, rolling
from tests.support.emulator.rolling import EVERY_KIND, guarded, phases, submit_while_it_changes


@EVERY_KIND
def test_requests_during_a_rollout_all_complete_and_the_new_fleet_takes_over(
    deployment: Any,
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(4, 1))
        new = await scene.configure("new", AllTraffic=(4, 1))

        await scene.update(new, **guarded(deployment))
        submitted = await submit_while_it_changes(scene)
        await scene.until(lambda: sum(scene.outcomes().values()) >= submitted)

        described = await scene.describe()
        assert scene.outcomes() == {"Completed": submitted}
        assert described["EndpointStatus"] == "InService"
        assert described["EndpointConfigName"] == "new"
        assert "PendingDeploymentSummary" not in described
        await scene.until(lambda: scene.running == Counter(old=0, new=4))

    play(scenario)


@EVERY_KIND
def test_a_request_in_work_on_an_old_instance_finishes_there(deployment: Any) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(2, 1))
        scene.hold_answers = True
        scene.submit(2)
        await scene.until(lambda: scene.held == 2)
        scene.hold_answers = False
        new = await scene.configure("new", AllTraffic=(2, 1))

        await scene.update(new, **guarded(deployment))
        await scene.rest()
        in_work = scene.endpoint.queue.in_process
        scene.may_answer.set()
        await scene.until(lambda: scene.outcomes()["Completed"] == 2)

        assert in_work == 2
        assert [model for _, model in scene.answered] == ["old", "old"]
        await scene.until(lambda: scene.running["old"] == 0)

    play(scenario)


@pytest.mark.parametrize(
    ("deployment", "share"), [(blue_green("CANARY", 20), 0.2), (rolling(50), 0.5)]
)
def test_while_it_bakes_the_new_fleet_has_its_part_of_the_requests(
    deployment: Any, share: float
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(2, 1))
        new = await scene.configure("new", AllTraffic=(2, 1))
        policy = next(iter(deployment.values()))
        routing = policy.get("TrafficRoutingConfiguration", policy)
        routing["WaitIntervalInSeconds"] = 3000

        await scene.update(new, DeploymentConfig=deployment)
        await scene.until(lambda: phases(scene) == ["Baking"])
        scene.submit(100)
        await scene.until(lambda: len(scene.answered) == 100)

        answers = Counter(model for _, model in scene.answered)
        assert abs(answers["new"] - share * 100) <= 1

    play(scenario)


def test_a_rollout_shows_its_phases_in_the_words_of_aws() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(4, 1))
        new = await scene.configure("new", AllTraffic=(4, 1))

        await scene.update(new, DeploymentConfig=blue_green("CANARY", 25, interval=7))
        during = await scene.describe()
        await scene.rest()

        assert during["PendingDeploymentSummary"]["EndpointConfigName"] == "new"
        assert during["EndpointConfigName"] == "old"
        shown = [
            (status["Status"], status["StatusMessage"])
            for kind, detail in scene.bus.announced
            if kind == "SageMaker Endpoint Deployment State Change"
            and "PendingDeploymentSummary" in detail
            for status in detail["PendingDeploymentSummary"]["ProductionVariants"][0].get(
                "VariantStatus", []
            )
        ]
        assert shown == [
            ("Creating", "Launching 4 instance(s)."),
            ("ActivatingTraffic", "Activating traffic on canary capacity of 1 instance(s)."),
            (
                "Baking",
                "Baking for 7 seconds (WaitIntervalInSeconds) with traffic enabled on canary "
                "capacity of 1 instance(s).",
            ),
            ("ActivatingTraffic", "Activating traffic on full capacity of 4 instance(s)."),
            (
                "Baking",
                "Baking for 20 seconds (TerminationWaitInSeconds) with traffic enabled on full "
                "capacity of 4 instance(s).",
            ),
        ]

    play(scenario)


def test_a_rollout_at_zero_instances_leaves_what_waits_for_the_first_that_comes() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        await scene.rehearsal.endpoints.set_capacities("demo", {"AllTraffic": 0})
        await scene.rest()
        scene.submit(5)
        new = await scene.configure("new", AllTraffic=(1, 1))

        await scene.update(new, RetainAllVariantProperties=True)
        await scene.rest()
        waiting = scene.endpoint.load.waiting
        await scene.rehearsal.endpoints.set_capacities("demo", {"AllTraffic": 1})
        await scene.until(lambda: scene.outcomes()["Completed"] == 5)

        assert waiting == 5
        assert {model for _, model in scene.answered} == {"new"}

    play(scenario)


def test_guardrails_are_refused_where_no_instance_is() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        await scene.rehearsal.endpoints.set_capacities("demo", {"AllTraffic": 0})
        await scene.rest()
        new = await scene.configure("new", AllTraffic=(1, 1))

        with pytest.raises(AwsError, match="without instances"):
            await scene.update(
                new, RetainAllVariantProperties=True, DeploymentConfig=blue_green("ALL_AT_ONCE")
            )

    play(scenario)


def test_the_last_deployment_configuration_is_shown_and_can_be_retained() -> None:
    async def scenario(scene: Scene) -> None:
        deployment = blue_green("CANARY", 50)
        await scene.create(AllTraffic=(2, 1))
        for name in ("b", "c", "d"):
            await scene.configure(name, AllTraffic=(2, 1))

        await scene.update("b", DeploymentConfig=deployment)
        await scene.rest()
        await scene.update("c", RetainDeploymentConfig=True)
        await scene.rest()
        retained = await scene.describe()
        await scene.update("d")
        await scene.rest()

        assert retained["LastDeploymentConfig"] == deployment
        assert "LastDeploymentConfig" not in await scene.describe()

    play(scenario)
