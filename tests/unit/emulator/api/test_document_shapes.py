"""Answers have no member that the API does not know, at any moment of an endpoint's life."""

from collections.abc import Iterator, Mapping
from typing import Any

from async_endpoint_emulator.validation import operation_model
from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.support.emulator.rehearsing import Scene, blue_green, play


def strangers(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Paths of members that the shape does not have, or that it requires and are not there."""
    if isinstance(shape, StructureShape):
        assert isinstance(value, Mapping), path
        yield from (f"{path}.{name}" for name in value.keys() - shape.members.keys())
        yield from (f"{path}.{name}?" for name in set(shape.required_members) - value.keys())
        for name in value.keys() & shape.members.keys():
            yield from strangers(shape.members[name], value[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for item in value:
            yield from strangers(shape.member, item, f"{path}[]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, Mapping), path


def test_describe_endpoint_keeps_to_the_shape_while_it_is_created_updated_and_scaled() -> None:
    shape = operation_model("sagemaker", "DescribeEndpoint").output_shape
    assert shape is not None

    async def scenario(scene: Scene) -> None:
        found: list[Any] = []
        config = await scene.configure("old", AllTraffic=(2, 1))
        scene.may_start.clear()
        await scene.call("CreateEndpoint", EndpointName="demo", EndpointConfigName=config)
        found.append(await scene.describe())
        scene.may_start.set()
        await scene.rest()
        new = await scene.configure("new", AllTraffic=(2, 1))
        scene.may_start.clear()
        await scene.update(new, DeploymentConfig=blue_green("CANARY", 50))
        await scene.until(lambda: scene.endpoint.pending is not None)
        found.append(await scene.describe())
        scene.may_start.set()
        await scene.rest()
        await scene.rehearsal.endpoints.set_capacities("demo", {"AllTraffic": 0})
        found.append(await scene.describe())
        await scene.rest()
        scene.fault(fail_next_creation="image")
        await scene.update("old")
        await scene.rest()
        found.append(await scene.describe())

        statuses = [each["EndpointStatus"] for each in found]
        assert statuses == ["Creating", "Updating", "Updating", "InService"]
        assert [path for each in found for path in strangers(shape, each)] == []
        [phase] = found[2]["ProductionVariants"][0]["VariantStatus"]
        assert phase["StatusMessage"] == "Scaling in desired instance count to 0."

    play(scenario)
