"""The fake keeps the contract of the control plane."""

from typing import Any

import pytest

from tests.contract.control_plane import BROKEN, ControlPlane, ControlPlaneContract
from tests.support.aws_fake.account import Account

_MOST_SECONDS = 3600


class FakePlane:
    """The fake account as the contract uses it."""

    name = "relay"

    def __init__(self, account: Account) -> None:
        self._account = account
        account.sagemaker.broken.add(f"s3://models/{BROKEN}")
        self.sagemaker: Any = account.clients.sagemaker
        self.autoscaling: Any = account.clients.autoscaling

    def create_model(self, name: str = "", image: str = "example/good:1") -> str:
        name = name or f"{self.name}-model"
        container = {"Image": image, "ModelDataUrl": f"s3://models/{image}"}
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container)
        return name

    def create_config(self, name: str = "", **changes: Any) -> str:
        name = name or f"{self.name}-config"
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": changes.get("model", f"{self.name}-model"),
            "InstanceType": changes.get("instance_type", "ml.m5.large"),
            "InitialInstanceCount": changes.get("count", 1),
        }
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def create_endpoint(self, **changes: Any) -> str:
        self.create_model()
        config = self.create_config(**changes)
        self.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=config)
        self.await_status("InService")
        return self.name

    def await_status(self, status: str) -> None:
        for _ in range(_MOST_SECONDS):
            state = self._account.sagemaker.state(self.name)
            if (state.status if state else "gone") == status:
                self._account.calls.begin("test")
                return
            self._account.clock.advance(1)
        raise AssertionError(f"never {status}")


class TestTheFake(ControlPlaneContract):
    @pytest.fixture
    def plane(self, account: Account) -> ControlPlane:
        account.role.by_name = False
        return FakePlane(account)
