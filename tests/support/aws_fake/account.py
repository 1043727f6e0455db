"""An account: all services, their clients, and the role with which the function calls them."""

from collections.abc import Mapping
from functools import cached_property
from types import SimpleNamespace

from tests.support.aws_fake.calls import Calls
from tests.support.aws_fake.clients import Client, SageMakerClient
from tests.support.aws_fake.clock import Clock
from tests.support.aws_fake.faults import Kind
from tests.support.aws_fake.services.cloudwatch import CloudWatch
from tests.support.aws_fake.services.dynamodb import Tables
from tests.support.aws_fake.services.parameters import Parameters
from tests.support.aws_fake.services.permissions import Role
from tests.support.aws_fake.services.queues import Queue
from tests.support.aws_fake.services.sagemaker import SageMaker
from tests.support.aws_fake.services.scaling import AutoScaling


class Account:
    """`plan` are the faults by the numbers of calls."""

    def __init__(self, plan: Mapping[int, Kind]) -> None:
        self.clock = Clock()
        self.role = Role(self.clock)
        self.calls = Calls(self.clock, plan, permit=self.role.permit)
        self.sagemaker = SageMaker(self.clock)
        self.cloudwatch = CloudWatch()
        self.autoscaling = AutoScaling(self.clock, self.sagemaker, self.cloudwatch)
        self.autoscaling.permit = self.role.permit
        self.role.tags_of = self.sagemaker.tags_of
        self.calls.scale_in = self.autoscaling.sleep_all
        self.tables = Tables()
        self.failed = Queue()
        self.parameters = Parameters()
        self.clients = Clients(self)


class Clients:
    """In place of `relay.aws.clients.Clients`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    # Only asked for its endpoint.
    s3 = SimpleNamespace(meta=SimpleNamespace(endpoint_url="https://s3.amazonaws.com"))

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        operations = self._account.sagemaker.operations
        return SageMakerClient("sagemaker", operations, self._account.calls)

    @cached_property
    def autoscaling(self) -> Client:
        return Client("autoscaling", self._account.autoscaling.operations, self._account.calls)

    @cached_property
    def cloudwatch(self) -> Client:
        return Client("cloudwatch", self._account.cloudwatch.operations, self._account.calls)

    @cached_property
    def sqs(self) -> Client:
        return Client("sqs", self._account.failed.operations, self._account.calls)

    @cached_property
    def ssm(self) -> Client:
        return Client("ssm", self._account.parameters.operations, self._account.calls)

    @cached_property
    def dynamodb(self) -> Client:
        return Client("dynamodb", self._account.tables.operations, self._account.calls)
