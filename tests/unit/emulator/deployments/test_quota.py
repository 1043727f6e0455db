"""The account's instances, when several calls ask for them at once."""

import asyncio
from dataclasses import replace
from typing import Any

from async_endpoint_emulator.errors import AwsError

from tests.support.emulator.rehearsal import TIMELESS, Nowhere, Rehearsal
from tests.support.emulator.rehearsing import ROLE, TOPIC


class Slow(Nowhere):
    """Topics that let other calls come between."""

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        await asyncio.sleep(0.01)


async def configure(rehearsal: Rehearsal, instances: int) -> str:
    name = f"of-{instances}"
    variant = {"VariantName": "v", "ModelName": "model", "InstanceType": "ml.m5.large"}
    await rehearsal.call(
        "CreateEndpointConfig",
        {
            "EndpointConfigName": name,
            "ProductionVariants": [{**variant, "InitialInstanceCount": instances}],
            "AsyncInferenceConfig": {
                "OutputConfig": {"NotificationConfig": {"SuccessTopic": TOPIC}}
            },
        },
    )
    return name


async def codes(*calls: Any) -> list[str]:
    """Of calls that run at once: an error's code, or nothing."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    return sorted(each.code if isinstance(each, AwsError) else "" for each in answers)


def test_calls_at_once_get_no_more_instances_than_the_quota() -> None:
    async def scenario() -> None:
        rehearsal = Rehearsal(replace(TIMELESS, instance_quota=3), objects=Slow())
        container = {"Image": "registry/image:1"}
        model = {"ModelName": "model", "ExecutionRoleArn": ROLE, "PrimaryContainer": container}
        await rehearsal.call("CreateModel", model)
        one, two = [await configure(rehearsal, count) for count in (1, 2)]

        created = await codes(
            *(
                rehearsal.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": one})
                for name in ("a", "b", "c", "d")
            )
        )
        await rehearsal.rest()
        await rehearsal.call("DeleteEndpoint", {"EndpointName": "c"})
        await rehearsal.rest()
        grown = await codes(
            rehearsal.call("UpdateEndpoint", {"EndpointName": "a", "EndpointConfigName": two}),
            rehearsal.endpoints.set_capacities("b", {"v": 2}),
        )
        await rehearsal.rest()
        await rehearsal.close()

        assert created == ["", "", "", "ResourceLimitExceeded"]
        assert grown == ["", "ResourceLimitExceeded"]

    asyncio.run(scenario())
