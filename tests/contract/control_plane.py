"""What SageMaker's control plane and its scaling answer, in the fake and in the emulator."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from botocore.exceptions import ClientError

BROKEN = "example/broken:1"
LARGER = "ml.m5.xlarge"


class ControlPlane(Protocol):
    """One account with names of its own: `name` is the endpoint's."""

    name: str
    sagemaker: Any
    autoscaling: Any

    def create_model(self, name: str = "", image: str = ...) -> str: ...

    def create_config(self, name: str = "", **changes: Any) -> str:
        """`changes`: model, count, instance_type."""

    def create_endpoint(self, **changes: Any) -> str:
        """With a model and a configuration, in service."""

    def await_status(self, status: str) -> None:
        """`gone` when there is no endpoint."""


Call = Callable[[ControlPlane], object]


def endpoint(plane: ControlPlane) -> Any:
    return plane.sagemaker.describe_endpoint(EndpointName=plane.name)


def update(plane: ControlPlane, config: str, **members: Any) -> None:
    plane.sagemaker.update_endpoint(EndpointName=plane.name, EndpointConfigName=config, **members)


def target(plane: ControlPlane) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{plane.name}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def refused(call: Callable[[], object], words: str, code: str = "ValidationException") -> None:
    """The whole message; `ARN` stands for one, in it."""
    pattern = re.escape(words).replace("ARN", r"arn:aws:sagemaker:us-east-1:\d{12}:[\w/-]+")
    with pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    assert error["Code"] == code
    assert re.fullmatch(pattern, error["Message"]), error["Message"]


class ControlPlaneContract(ABC):
    """Inherit, and give the fixture."""

    @pytest.fixture
    @abstractmethod
    def plane(self) -> ControlPlane:
        """Without an endpoint yet."""

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (
                lambda plane: plane.sagemaker.describe_endpoint(EndpointName="none"),
                'Could not find endpoint "ARN".',
            ),
            (
                lambda plane: plane.sagemaker.delete_endpoint(EndpointName="none"),
                'Could not find endpoint "ARN".',
            ),
            (
                lambda plane: plane.sagemaker.delete_model(ModelName="none"),
                'Could not find model "ARN".',
            ),
            (
                lambda plane: plane.sagemaker.delete_endpoint_config(EndpointConfigName="none"),
                'Could not find endpoint configuration "ARN".',
            ),
            (lambda plane: plane.create_config(model="none"), 'Could not find model "ARN".'),
            (
                lambda plane: plane.sagemaker.create_endpoint(
                    EndpointName=plane.name, EndpointConfigName="none"
                ),
                'Could not find endpoint configuration "ARN".',
            ),
        ],
    )
    def test_what_does_not_exist_is_not_found(
        self, plane: ControlPlane, call: Call, words: str
    ) -> None:
        refused(lambda: call(plane), words)

    def test_what_exists_is_not_created_again(self, plane: ControlPlane) -> None:
        model, config = plane.create_model(), plane.create_config()
        plane.sagemaker.create_endpoint(EndpointName=plane.name, EndpointConfigName=config)

        refused(lambda: plane.create_model(model), 'Cannot create already existing model "ARN".')
        refused(
            lambda: plane.create_config(config),
            'Cannot create already existing endpoint configuration "ARN".',
        )
        refused(
            lambda: plane.sagemaker.create_endpoint(
                EndpointName=plane.name.upper(), EndpointConfigName=config
            ),
            'Cannot create already existing endpoint "ARN".',
        )

    def test_an_endpoint_in_transition_takes_no_change(self, plane: ControlPlane) -> None:
        plane.create_model()
        config = plane.create_config()
        plane.sagemaker.create_endpoint(EndpointName=plane.name, EndpointConfigName=config)

        assert endpoint(plane)["EndpointStatus"] == "Creating"
        refused(lambda: update(plane, config), 'Cannot update in-progress endpoint "ARN".')
        refused(
            lambda: plane.sagemaker.delete_endpoint(EndpointName=plane.name),
            'Cannot delete in-progress endpoint "ARN".',
        )
        plane.await_status("InService")

    def test_an_update_shows_the_old_configuration_until_it_has_ended(
        self, plane: ControlPlane
    ) -> None:
        plane.create_endpoint()
        before = endpoint(plane)
        new = plane.create_config(f"{plane.name}-2", count=2)

        update(plane, new)
        under_way = endpoint(plane)
        plane.await_status("InService")
        after = endpoint(plane)

        assert under_way["EndpointStatus"] == "Updating"
        assert under_way["EndpointConfigName"] == before["EndpointConfigName"]
        assert after["EndpointConfigName"] == new
        assert after["ProductionVariants"][0]["DesiredInstanceCount"] == 2
        times = [each["LastModifiedTime"] for each in (before, under_way, after)]
        assert times == sorted(set(times))

    @pytest.mark.parametrize(("retain", "count"), [(True, 2), (False, 1)])
    def test_an_update_keeps_the_capacity_when_asked(
        self, plane: ControlPlane, retain: bool, count: int
    ) -> None:
        plane.create_endpoint()
        plane.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=plane.name,
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}],
        )
        plane.await_status("InService")

        update(plane, plane.create_config(f"{plane.name}-2"), RetainAllVariantProperties=retain)
        plane.await_status("InService")

        assert endpoint(plane)["ProductionVariants"][0]["DesiredInstanceCount"] == count

    def test_an_update_to_a_broken_model_is_rolled_back(self, plane: ControlPlane) -> None:
        plane.create_endpoint()
        before = endpoint(plane)["EndpointConfigName"]
        model = plane.create_model(f"{plane.name}-broken", BROKEN)

        update(plane, plane.create_config(f"{plane.name}-2", model=model))
        plane.await_status("RollingBack")
        plane.await_status("InService")

        assert endpoint(plane)["EndpointConfigName"] == before
        assert endpoint(plane)["FailureReason"]

    def test_a_scalable_target_keeps_its_instance_type(self, plane: ControlPlane) -> None:
        plane.create_endpoint()
        plane.autoscaling.register_scalable_target(**target(plane), MinCapacity=1, MaxCapacity=2)
        larger = plane.create_config(f"{plane.name}-2", instance_type=LARGER)

        refused(
            lambda: update(plane, larger),
            'The variant(s) ["AllTraffic"] must be deregistered as scalable targets with AWS Auto '
            "Scaling before they can be removed or have their instance type updated.",
        )
        plane.autoscaling.deregister_scalable_target(**target(plane))
        update(plane, larger)
        plane.await_status("InService")

    def test_what_is_not_scaled_is_not_found(self, plane: ControlPlane) -> None:
        plane.create_endpoint()
        where = (
            f"for service namespace: sagemaker, resource ID: endpoint/{plane.name}/variant/"
            "AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount"
        )

        refused(
            lambda: plane.autoscaling.deregister_scalable_target(**target(plane)),
            f"No scalable target found {where}",
            "ObjectNotFoundException",
        )
        refused(
            lambda: plane.autoscaling.delete_scaling_policy(PolicyName="none", **target(plane)),
            f"No scaling policy found {where}",
            "ObjectNotFoundException",
        )

    def test_an_absent_endpoint_cannot_be_scaled(self, plane: ControlPlane) -> None:
        refused(
            lambda: plane.autoscaling.register_scalable_target(
                **target(plane), MinCapacity=1, MaxCapacity=2
            ),
            f"SageMaker endpoint variant doesn't exist: endpoint/{plane.name}/variant/AllTraffic",
        )

    def test_steps_need_more_than_one_instance(self, plane: ControlPlane) -> None:
        plane.create_endpoint()
        new = plane.create_config(f"{plane.name}-2")
        rolling = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 0,
            }
        }

        with pytest.raises(ClientError, match="ValidationException"):
            update(plane, new, DeploymentConfig=rolling)

    def test_an_endpoint_without_its_configuration_serves_on_and_takes_no_update(
        self, plane: ControlPlane
    ) -> None:
        plane.create_endpoint()
        old, new = endpoint(plane)["EndpointConfigName"], plane.create_config(f"{plane.name}-2")
        plane.sagemaker.delete_endpoint_config(EndpointConfigName=old)

        with pytest.raises(ClientError, match=f'endpoint configuration "arn:.*/{old}"'):
            update(plane, new)
        found = endpoint(plane)
        plane.sagemaker.delete_endpoint(EndpointName=plane.name)

        assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
        plane.await_status("gone")

    def test_a_configuration_that_an_update_brings_can_be_deleted_meanwhile(
        self, plane: ControlPlane
    ) -> None:
        plane.create_endpoint()
        new = plane.create_config(f"{plane.name}-2")

        update(plane, new)
        plane.sagemaker.delete_endpoint_config(EndpointConfigName=new)
        plane.await_status("InService")

        assert endpoint(plane)["EndpointConfigName"] == new

    def test_a_deleted_endpoint_is_gone_after_a_while(self, plane: ControlPlane) -> None:
        plane.create_endpoint()

        plane.sagemaker.delete_endpoint(EndpointName=plane.name)

        assert endpoint(plane)["EndpointStatus"] == "Deleting"
        plane.await_status("gone")
