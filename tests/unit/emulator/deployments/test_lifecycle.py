"""Capacity, weights, injected failures, and statuses that no call brings about."""

import asyncio
from collections import Counter

import pytest
from async_endpoint_emulator.errors import AwsError

from tests.support.emulator.rehearsing import Scene, blue_green, play, with_alarm


async def scale(scene: Scene, **wanted: object) -> None:
    await scene.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="demo",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", **wanted}],
    )


def statuses(scene: Scene) -> list[str]:
    """The statuses of the state-change events."""
    kind = "SageMaker Endpoint State Change"
    return [detail["EndpointStatus"] for name, detail in scene.bus.announced if name == kind]


def test_capacity_follows_and_every_change_tests_the_topic_and_is_announced() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))

        for count in (3, 0, 2):
            await scale(scene, DesiredInstanceCount=count)
            assert (await scene.describe())["EndpointStatus"] == "Updating"
            await scene.rest()
            assert scene.endpoint.load.instances == count

        tests = [each for each in scene.mailbox.published if each["eventName"] != "InferenceResult"]
        assert len(tests) == 4
        assert statuses(scene) == ["CREATING", "IN_SERVICE", *["UPDATING", "IN_SERVICE"] * 3]

    play(scenario)


def test_requests_go_to_the_variants_by_weight() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(A=(1, 3), B=(1, 1), C=(1, 0))

        scene.submit(80)
        await scene.until(lambda: len(scene.answered) == 80)

        assert Counter(variant for variant, _ in scene.answered) == {"A": 60, "B": 20}

    play(scenario)


def test_a_new_weight_counts_from_now_on() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(A=(1, 1), B=(1, 0))
        scene.submit(20)
        await scene.until(lambda: len(scene.answered) == 20)

        await scene.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="demo",
            DesiredWeightsAndCapacities=[{"VariantName": "B", "DesiredWeight": 1}],
        )
        await scene.rest()
        scene.submit(20)
        await scene.until(lambda: len(scene.answered) == 40)

        later = Counter(variant for variant, _ in scene.answered[20:])
        assert later == {"A": 10, "B": 10}
        weights = [each["CurrentWeight"] for each in (await scene.describe())["ProductionVariants"]]
        assert weights == [1, 1]

    play(scenario)


def test_a_variant_without_instances_leaves_its_part_to_the_others() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(A=(1, 1), B=(1, 1))
        await scene.rehearsal.endpoints.set_capacities("demo", {"A": 0})
        await scene.rest()

        scene.submit(10)
        await scene.until(lambda: len(scene.answered) == 10)

        assert Counter(variant for variant, _ in scene.answered) == {"B": 10}

    play(scenario)


def test_scaling_that_fails_rolls_back_to_the_capacity_that_was() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        scene.fault(fail_next_scaling="insufficient_capacity")

        await scale(scene, DesiredInstanceCount=3)
        await scene.rest()

        described = await scene.describe()
        assert described["EndpointStatus"] == "InService"
        assert described["FailureReason"].startswith("Unable to provision requested ML compute")
        assert described["ProductionVariants"][0]["DesiredInstanceCount"] == 1
        assert statuses(scene)[-3:] == ["UPDATING", "ROLLING_BACK", "IN_SERVICE"]

    play(scenario)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("insufficient_capacity", "due to InsufficientInstanceCapacity error."),
        ("image", "Please make sure all images included in the model"),
        ("artifact", "Failed to download model data"),
        ("archive", "Failed to extract model data archive"),
        ("health_check", "did not pass the ping health check"),
        ("download_timeout", "ModelDataDownloadTimeoutInSeconds"),
        ("internal", "Request to service failed."),
        ("the moon is full", "the moon is full"),
    ],
)
def test_a_creation_fails_on_purpose_for_every_reason(fault: str, words: str) -> None:
    async def scenario(scene: Scene) -> None:
        scene.fault(fail_next_creation=fault)

        await scene.create(AllTraffic=(1, 1))
        failed = await scene.describe()
        with pytest.raises(AwsError, match="Cannot update failed endpoint"):
            await scale(scene, DesiredInstanceCount=1)
        await scene.call("DeleteEndpoint", EndpointName="demo")
        await scene.rest()
        await scene.call("CreateEndpoint", EndpointName="demo", EndpointConfigName="old")
        await scene.rest()

        assert failed["EndpointStatus"] == "Failed"
        assert words in failed["FailureReason"]
        assert scene.endpoint.status == "InService"

    play(scenario)


def test_a_creation_is_refused_on_purpose_once() -> None:
    async def scenario(scene: Scene) -> None:
        config = await scene.configure("old", AllTraffic=(1, 1))
        scene.fault(refuse_next_creation="The account-level service limit is 0 Instances.")

        with pytest.raises(AwsError, match="ResourceLimitExceeded: The account-level"):
            await scene.call("CreateEndpoint", EndpointName="demo", EndpointConfigName=config)
        await scene.call("CreateEndpoint", EndpointName="demo", EndpointConfigName=config)

    play(scenario)


def test_an_endpoint_under_maintenance_takes_requests_and_no_changes() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))

        scene.rehearsal.endpoints.force_status("demo", "SystemUpdating")
        with pytest.raises(AwsError, match="in-progress"):
            await scale(scene, DesiredInstanceCount=2)
        scene.submit()
        await scene.until(lambda: scene.outcomes()["Completed"] == 1)
        scene.rehearsal.endpoints.force_status("demo", "OutOfService")
        await scene.rest()
        scene.rehearsal.endpoints.force_status("demo", "InService")
        await scene.rest()
        await scale(scene, DesiredInstanceCount=2)
        await scene.rest()

        assert statuses(scene)[2:] == [
            "SYSTEM_UPDATING",
            "OUT_OF_SERVICE",
            "IN_SERVICE",
            "UPDATING",
            "IN_SERVICE",
        ]

    play(scenario)


@pytest.mark.parametrize(("options", "kept"), [({}, False), ({"keep": True}, True)])
def test_weights_and_counts_are_reset_unless_they_are_retained(
    options: dict[str, bool], kept: bool
) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        await scale(scene, DesiredInstanceCount=3, DesiredWeight=7)
        await scene.rest()
        new = await scene.configure("new", AllTraffic=(1, 1))

        await scene.update(new, RetainAllVariantProperties=bool(options))
        await scene.rest()

        [variant] = (await scene.describe())["ProductionVariants"]
        found = (variant["CurrentInstanceCount"], variant["CurrentWeight"])
        assert found == ((3, 7) if kept else (1, 1))

    play(scenario)


def test_alarms_that_are_missing_refuse_the_update() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        new = await scene.configure("new", AllTraffic=(1, 1))

        with pytest.raises(AwsError, match="Could not find the alarms nothing"):
            await scene.update(
                new, DeploymentConfig=with_alarm(blue_green("ALL_AT_ONCE"), "nothing")
            )

        assert scene.endpoint.status == "InService"

    play(scenario)


def test_an_endpoints_load_has_its_backlog_and_instances() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.create(AllTraffic=(1, 1))
        scene.hold_answers = True
        scene.submit(6)
        await scene.until(lambda: scene.held == 4)  # the default concurrency
        await asyncio.sleep(0)

        [load] = scene.rehearsal.endpoints.loads()

        assert (load.waiting, load.in_process, load.backlog) == (2, 4, 6)
        assert (load.instances, load.desired) == (1, {"AllTraffic": 1})
        assert load.oldest_seconds is not None
        assert load.oldest_seconds >= 0

    play(scenario)
