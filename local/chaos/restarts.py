"""The endpoint emulator is killed and started again: what was queued in it is lost without a trace.

SageMaker keeps its resources, so the model, the configuration and the endpoint are made again as
they were.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.load.usage import SAGEMAKER
from local.machine import processes
from local.stack.deployment import wait_until_in_service
from local.stack.emulator import read_counters, set_faults
from local.stack.settings import StackSettings
from local.stack.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

# What DescribeModel and the others say about a resource beside what it was made of.
_DESCRIBED_ONLY = frozenset(
    ("CreationTime", "LastModifiedTime", "ModelArn", "EndpointConfigArn", "ResponseMetadata")
) | {"DeploymentRecommendation", "EnableNetworkIsolation"}


class Restarter:
    """Kills the emulator of one stack, once for each of `numbers` of results."""

    def __init__(
        self,
        settings: StackSettings,
        sagemaker: "SageMakerClient",
        endpoint_name: str,
        faults: Mapping[str, float | int],
        numbers: tuple[int, ...],
    ) -> None:
        self._settings = settings
        self._sagemaker = sagemaker
        self._endpoint_name = endpoint_name
        self._faults = faults
        self._numbers = list(numbers)
        self._before: Counter[str] = Counter()
        self.restarts = 0

    def strike(self, results: int) -> None:
        """Restarts it if so many results have come. Raises LocalStackError."""
        if self._numbers and results >= self._numbers[0]:
            self._numbers.pop(0)
            self._restart()

    def counters(self) -> Counter[str]:
        """What has happened at the endpoint so far, before and after restarts."""
        return self._before + Counter(read_counters(self._settings))

    def _restart(self) -> None:
        model, config, tags = self._described()
        self._before += Counter(read_counters(self._settings))
        processes.kill(self._settings.records, SAGEMAKER)
        Stack(self._settings).restart(SAGEMAKER)
        self._sagemaker.create_model(**model)
        self._sagemaker.create_endpoint_config(**config)
        self._sagemaker.create_endpoint(
            EndpointName=self._endpoint_name,
            EndpointConfigName=config["EndpointConfigName"],
            Tags=tags,
        )
        wait_until_in_service(self._sagemaker, self._endpoint_name)
        set_faults(self._settings, self._faults)
        self.restarts += 1

    def _described(self) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
        """What the model and the configuration are made of, and the endpoint's tags."""
        endpoint = self._sagemaker.describe_endpoint(EndpointName=self._endpoint_name)
        config = self._sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        model = self._sagemaker.describe_model(
            ModelName=config["ProductionVariants"][0]["ModelName"]
        )
        tags = self._sagemaker.list_tags(ResourceArn=endpoint["EndpointArn"])["Tags"]
        return _made_of(model), _made_of(config), tags


def _made_of(description: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if name not in _DESCRIBED_ONLY}
