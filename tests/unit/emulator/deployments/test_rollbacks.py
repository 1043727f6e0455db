"""Roll-outs that an alarm or the time ends: the old fleet serves again."""

from collections import Counter
from typing import Any

import pytest

from tests.support.emulator.rehearsing import Scene, blue_green, play, rolling, with_alarm
from tests.support.emulator.rolling import EVERY_KIND, guarded, phases, submit_while_it_changes


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
