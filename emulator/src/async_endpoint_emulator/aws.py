"""The AWS stand-in (MiniStack or moto) as the emulator sees it: clients, roles, and a thread pool.

boto3 blocks, so every call goes through `Aws.call`, which keeps the event loop free.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config as ClientConfig
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    ReadOnlyCredentials,
    RefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 32
# Whether credentials are to be renewed is asked once a second: botocore takes as long for the
# answer as a request for its signature.
_LOOK_SECONDS = 1.0
AWS_ERRORS = (ClientError, BotoCoreError)
_CLIENT_CONFIG = ClientConfig(
    max_pool_connections=THREADS,
    retries={"mode": "standard", "max_attempts": 3},
    connect_timeout=5,
    read_timeout=60,
    s3={"addressing_style": "path"},
)


def error_code(error: Exception) -> str:
    """The code of a ClientError, or the kind of a network error."""
    if isinstance(error, ClientError):
        return str(error.response["Error"].get("Code", ""))
    return type(error).__name__


@dataclass(frozen=True)
class RoleSession:
    """An execution role that was assumed; the credentials renew themselves."""

    credentials: RefreshableCredentials
    s3: "S3Client"
    session: boto3.Session

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """Made when first needed: most endpoints have no alarms, and a client is not cheap."""
        return self.session.client("cloudwatch", config=_CLIENT_CONFIG)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self.session.client("logs", config=_CLIENT_CONFIG)


class Aws:
    """Clients with the emulator's own (root) credentials, and with those of roles."""

    def __init__(self, region: str, session_seconds: int = 3600) -> None:
        self.region = region
        core = botocore.session.get_session()
        self._session = boto3.Session(botocore_session=core, region_name=region)
        self.sts = self._session.client("sts", config=_CLIENT_CONFIG)
        self.iam = self._session.client("iam", config=_CLIENT_CONFIG)
        self.events = self._session.client("events", config=_CLIENT_CONFIG)
        self.cloudwatch = self._session.client("cloudwatch", config=_CLIENT_CONFIG)
        self.functions = self._session.client("lambda", config=_CLIENT_CONFIG)
        # What describes the services is 12 MB and 0.2 s in each session that reads it for itself,
        # and there is a session for each role: a long run did not fit, and took long to end.
        self._descriptions = core.get_component("data_loader")
        self._session_seconds = session_seconds
        self._threads = ThreadPoolExecutor(THREADS, "aws")
        self._roles: dict[str, RoleSession] = {}
        self._frozen: dict[str, tuple[float, ReadOnlyCredentials]] = {}
        self._root: tuple[str, str] | None = None

    async def call(self, function: Callable[P, R], /, *arguments: P.args, **members: P.kwargs) -> R:
        """Runs a blocking call in the pool."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(function, *arguments, **members)
        )

    async def account(self) -> str:
        """The account of the root credentials. Asked once, when first needed."""
        _, account = await self.identity()
        return account

    async def identity(self) -> tuple[str, str]:
        """The partition of the stand-in's own ARNs, such as `aws` or `aws-cn`, and the account."""
        if self._root is None:
            identity = await self.call(self.sts.get_caller_identity)
            self._root = identity["Arn"].split(":")[1], identity["Account"]
        return self._root

    async def role(self, role_arn: str) -> RoleSession:
        """A session of the role, renewed before it expires.

        Raises:
            ClientError: the role cannot be assumed.
        """
        if role_arn not in self._roles:
            self._roles[role_arn] = await self.call(self._assume, role_arn)
        return self._roles[role_arn]

    async def credentials(self, role_arn: str) -> ReadOnlyCredentials:
        """The role's credentials as they are now, for signing."""
        now = time.monotonic()
        until, frozen = self._frozen.get(role_arn, (now, None))
        if frozen is None or now >= until:
            credentials = (await self.role(role_arn)).credentials
            frozen = await self.call(credentials.get_frozen_credentials)  # which may renew them
            self._frozen[role_arn] = (now + _LOOK_SECONDS, frozen)
        return frozen

    def forget_role(self, role_arn: str) -> None:
        """Assumes the role afresh next time, as every CreateEndpoint does."""
        self._roles.pop(role_arn, None)
        self._frozen.pop(role_arn, None)

    def forget_roles(self) -> None:
        """The same for all roles."""
        self._roles.clear()
        self._frozen.clear()

    def endpoint_url(self, service: Literal["s3", "sns", "logs"]) -> str:
        """Where a service is, as boto3 reads it from the environment."""
        return self._session.client(service, config=_CLIENT_CONFIG).meta.endpoint_url

    def services_of_aws(self) -> list[str]:
        """The services that are not in a stand-in: calls of them would reach AWS itself."""
        clients = (self.sts, self.iam, self.events, self.cloudwatch, self.functions)
        urls = {each.meta.service_model.service_name: each.meta.endpoint_url for each in clients}
        urls |= {name: self.endpoint_url(name) for name in ("s3", "sns", "logs")}
        partitions = [
            each["outputs"] for each in self._descriptions.load_data("partitions")["partitions"]
        ]
        domains = tuple(
            f".{each[name]}" for each in partitions for name in ("dnsSuffix", "dualStackDnsSuffix")
        )
        return [
            name for name, url in urls.items() if (urlsplit(url).hostname or "").endswith(domains)
        ]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _assume(self, role_arn: str) -> RoleSession:
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda *arguments, **members: self.sts,
            source_credentials=self._session.get_credentials(),
            role_arn=role_arn,
            extra_args={
                "RoleSessionName": "SageMaker",
                "DurationSeconds": self._session_seconds,
            },
        )
        credentials = RefreshableCredentials.create_from_metadata(
            fetcher.fetch_credentials(), fetcher.fetch_credentials, "sts-assume-role"
        )
        core = botocore.session.get_session()
        # botocore has no public way to hand refreshable credentials to a session.
        core._credentials = credentials  # type: ignore[attr-defined]
        core.register_component("data_loader", self._descriptions)
        session = boto3.Session(botocore_session=core, region_name=self.region)
        return RoleSession(credentials, session.client("s3", config=_CLIENT_CONFIG), session)
