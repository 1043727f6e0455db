"""Roll-outs of every kind: what they show, what they do with requests, how they go back."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from async_endpoint_emulator.errors import AwsError

from tests.support.emulator.rehearsing import Scene, blue_green, play, rolling, with_alarm

EVERY_KIND = pytest.mark.parametrize(
    "deployment",
    [
        None,
        blue_green("ALL_AT_ONCE"),
        blue_green("CANARY", 25),
        blue_green("LINEAR", 30),
        rolling(50),
    ],
    ids=["default", "all at once", "canary", "linear", "rolling"],
)


def guarded(deployment: Any) -> dict[str, Any]:
    return {"DeploymentConfig": deployment} if deployment else {}


async def keep_submitting(scene: Scene, stop: asyncio.Event) -> int:
    """Submit requests until `stop` is set; return how many."""
    submitted = 0
    while not stop.is_set():
        scene.submit(3)
        submitted += 3
        await asyncio.sleep(0.001)
    return submitted


async def submit_while_it_changes(scene: Scene) -> int:
    stop = asyncio.Event()
    submitting = asyncio.create_task(keep_submitting(scene, stop))
    await scene.rest()
    stop.set()
    return await submitting


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
def test_requests_during_a_rollback_all_complete_and_the_old_fleet_serves(deployment: Any) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(4, 1))
        new = await scene.configure("broken", AllTraffic=(4, 1))

        await scene.update(new, **guarded(deployment))
        submitted = await submit_while_it_changes(scene)
        await scene.until(lambda: sum(scene.outcomes().values()) >= submitted)

        described = await scene.describe()
        assert scene.outcomes() == {"Completed": submitted}
        assert described["EndpointStatus"] == "InService"
        assert described["EndpointConfigName"] == "old"
        assert "ping health check" in described["FailureReason"]
        assert {model for _, model in scene.answered} == {"old"}

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


def phases(scene: Scene) -> list[str]:
    if scene.endpoint.pending is None:
        return []
    [variant] = scene.endpoint.pending.describe_pending()["ProductionVariants"]
    return [phase["Status"] for phase in variant.get("VariantStatus", [])]


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


@pytest.mark.parametrize(
    "deployment",
    [
        blue_green("ALL_AT_ONCE", termination=3000),
        blue_green("CANARY", 25, interval=3000),
        rolling(25, interval=3000),
    ],
)
def test_an_alarm_rolls_back_and_says_which(deployment: Any) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(4, 1))
        new = await scene.configure("new", AllTraffic=(4, 1))
        await scene.update(new, DeploymentConfig=with_alarm(deployment, "errors"))
        await scene.until(lambda: phases(scene) == ["Baking"])
        scene.alarms.state["errors"] = "ALARM"
        submitted = await submit_while_it_changes(scene)
        await scene.until(lambda: sum(scene.outcomes().values()) >= submitted)

        described = await scene.describe()
        assert (described["EndpointStatus"], described["EndpointConfigName"]) == (
            "InService",
            "old",
        )
        assert described["FailureReason"].endswith("are in ALARM state: errors.")
        assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 4
        assert scene.outcomes() == {"Completed": submitted}
        scene.submit(4)
        await scene.until(lambda: scene.outcomes()["Completed"] == submitted + 4)
        assert {model for _, model in scene.answered[-4:]} == {"old"}
        statuses = [detail["EndpointStatus"] for _, detail in scene.bus.announced]
        assert "ROLLING_BACK" in statuses

    play(scenario, errors="OK")


@pytest.mark.parametrize(
    "deployment", [blue_green("ALL_AT_ONCE"), blue_green("CANARY", 25), rolling(25)]
)
def test_an_alarm_of_the_old_fleet_ends_the_deployment_before_the_new_one_serves(
    deployment: Any,
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(4, 1))
        new = await scene.configure("new", AllTraffic=(4, 1))
        scene.alarms.state["errors"] = "ALARM"

        await scene.update(new, DeploymentConfig=with_alarm(deployment, "errors"))
        submitted = await submit_while_it_changes(scene)
        await scene.until(lambda: scene.outcomes()["Completed"] == submitted)

        described = await scene.describe()
        assert described["EndpointConfigName"] == "old"
        assert described["FailureReason"].endswith("are in ALARM state: errors.")
        assert {model for _, model in scene.answered} == {"old"}
        assert scene.running == Counter(old=4)

    play(scenario, errors="OK")


def test_a_quiet_alarm_lets_the_rollout_pass() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        new = await scene.configure("new", AllTraffic=(1, 1))

        await scene.update(new, DeploymentConfig=with_alarm(blue_green("ALL_AT_ONCE"), "errors"))
        await scene.rest()

        assert (await scene.describe())["EndpointConfigName"] == "new"

    play(scenario, errors="INSUFFICIENT_DATA")


@pytest.mark.parametrize("kind", ["ALL_AT_ONCE", "rolling"])
def test_a_rollout_that_takes_too_long_rolls_back(kind: str) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(2, 1))
        new = await scene.configure("new", AllTraffic=(2, 1))
        deployment = rolling(50) if kind == "rolling" else blue_green(kind)
        next(iter(deployment.values()))["MaximumExecutionTimeoutInSeconds"] = 600
        scene.may_start.clear()

        await scene.update(new, DeploymentConfig=deployment)
        await scene.rest()

        described = await scene.describe()
        assert (described["EndpointStatus"], described["EndpointConfigName"]) == (
            "InService",
            "old",
        )
        assert "MaximumExecutionTimeoutInSeconds (600)" in described["FailureReason"]

    play(scenario)


def test_a_rollback_that_fails_leaves_both_fleets_serving_until_the_next_update() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(2, 1))
        new = await scene.configure("new", AllTraffic=(2, 1))
        scene.fault(fail_next_rollback=True)

        deployment = with_alarm(blue_green("CANARY", 50, interval=3000), "errors")
        await scene.update(new, DeploymentConfig=deployment)
        await scene.until(lambda: phases(scene) == ["Baking"])
        scene.alarms.state["errors"] = "ALARM"
        await scene.rest()
        failed = await scene.describe()
        scene.submit(40)
        await scene.until(lambda: len(scene.answered) == 40)
        models = Counter(model for _, model in scene.answered)
        final = await scene.configure("final", AllTraffic=(1, 1))
        await scene.update(final)
        await scene.rest()

        assert failed["EndpointStatus"] == "UpdateRollbackFailed"
        assert "The rollback failed" in failed["FailureReason"]
        assert models == {"old": 20, "new": 20}
        assert scene.endpoint.status == "InService"
        assert scene.endpoint.failure_reason is None
        await scene.until(lambda: scene.running == Counter(old=0, new=0, final=1))

    play(scenario, errors="OK")


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
