"""An account as a target: a stack of its own, under a name that nothing else has."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.acceptance.pipeline.inputs import train_model
from tests.acceptance.pipeline.routing import Routing
from tests.acceptance.targets.sam import Sam, inherited
from tests.acceptance.targets.target import Pace, Target

_BUILD_SECONDS = 900
_DEPLOY_SECONDS = 75 * 60  # CloudFormation gives the endpoint an hour
_MODEL_KEY = "model.tar.gz"

# The SDK retries when it is throttled; tests poll often.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 10})

# Counts of a queue are up to a minute old; an endpoint changes within a quarter of an hour.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/confirm-queue-is-empty.html
_PACE = Pace(
    patience=12,
    pause=2,
    lag=75,
    change_seconds=45 * 60,
    scaling_seconds=45 * 60,
    test_seconds=150 * 60,
)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose credentials are used, and where."""

    profile: str | None
    region: str | None

    def session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    @property
    def options(self) -> tuple[str, ...]:
        """As the SAM CLI and the guard take them."""
        region = ("--region", self.region) if self.region else ()
        return (*region, *(("--profile", self.profile) if self.profile else ()))


class AwsTarget(Target):
    """Everything it makes has a name that begins with the stack's."""

    name = "aws"
    pace = _PACE

    def __init__(
        self,
        account: Account,
        stack_name: str,
        directory: Path,
        instance_type: str,
        *,
        kms_key_arn: str = "",
        scaling: bool = True,
    ) -> None:
        self._kms_key_arn = kms_key_arn
        self.stack_name = stack_name
        self.scaling = scaling
        self._instance_type = instance_type
        self._session = account.session()
        self._sam = Sam(directory, inherited(account.profile), account.options)
        self._clients: dict[str, Any] = {}
        self._template = directory / "build" / "template.yaml"

    def client(self, service: str) -> Any:
        if service not in self._clients:
            client = self._session.client(service, config=_CONFIG)  # type: ignore[call-overload]
            self._clients[service] = client
        return self._clients[service]

    def prepare(self) -> None:
        """Makes the bucket of artifacts, builds, and deploys.

        Raises:
            RuntimeError: with what the SAM CLI said.
        """
        self._make_bucket()
        model = train_model(self._sam.directory)
        self.client("s3").upload_file(str(model), self.bucket, _MODEL_KEY)
        self._template = self._sam.build(_BUILD_SECONDS)
        self.deploy(self.stack_name, self.routing.parameters)

    def sam_deploy(self, stack_name: str, parameters: Mapping[str, str]) -> None:
        given = {
            "ModelDataUrl": self.artifact,
            "InstanceType": self._instance_type,
            **({"KmsKeyArn": self._kms_key_arn} if self._kms_key_arn else {}),
            "LogRetentionDays": "1",
            "RollOutUploads": "true",
            **parameters,
        }
        self._sam.deploy(self._template, stack_name, self.bucket, given, _DEPLOY_SECONDS)

    @property
    def bucket(self) -> str:
        """Of the artifacts: the model, and the functions' code."""
        return f"{self.stack_name}-artifacts-{_suffix(self.routing)}"

    @property
    def artifact(self) -> str:
        return f"s3://{self.bucket}/{_MODEL_KEY}"

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Time passes as it does."""
        yield

    def _make_bucket(self) -> None:
        # us-east-1 is the only region that must not be named.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        where: dict[str, Any] = (
            {}
            if self.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        )
        self.client("s3").create_bucket(Bucket=self.bucket, **where)


def _suffix(routing: Routing) -> str:
    return f"{routing.account}-{routing.region}"
