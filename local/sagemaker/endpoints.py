"""An endpoint as DescribeEndpoint and its events show it."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from local.sagemaker.errors import AwsError
from local.sagemaker.fleet import Fleet
from local.sagemaker.queueing import Request, RequestQueue
from local.sagemaker.resources import EndpointConfig
from local.sagemaker.validation import Document

SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed")
SETTLED = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")


class Endpoint:
    """What DescribeEndpoint shows, and the queue and fleet behind it."""

    def __init__(self, name: str, arn: str, fleet: Fleet, tags: Mapping[str, str]) -> None:
        self.name = name
        self.arn = arn
        self.fleet = fleet
        self.pending: Fleet | None = None
        self.tags = dict(tags)
        self.status = "Creating"
        self.failure_reason: str | None = None
        self.created = self.modified = datetime.now(UTC)
        self.deployment_config: Document | None = None
        self.queue = RequestQueue(self._expired)
        self.expire: Callable[[Endpoint, Request], None] | None = None
        self.transition: asyncio.Task[None] | None = None

    @property
    def config(self) -> EndpointConfig:
        """The configuration in force."""
        return self.fleet.config

    @property
    def config_names(self) -> set[str]:
        """Of the configurations that must not be deleted now."""
        return {fleet.config.name for fleet in (self.fleet, self.pending) if fleet is not None}

    @property
    def backlog(self) -> int:
        return self.queue.qsize()

    def describe(self) -> Document:
        document: Document = {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config.name,
            "EndpointStatus": self.status,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "AsyncInferenceConfig": self.config.document["AsyncInferenceConfig"],
        }
        if self.status not in ("Creating", "Failed"):
            document["ProductionVariants"] = self.fleet.summaries()
        if self.failure_reason:
            document["FailureReason"] = self.failure_reason
        if self.deployment_config:
            document["LastDeploymentConfig"] = self.deployment_config
        if self.pending is not None:
            document["PendingDeploymentSummary"] = {
                "EndpointConfigName": self.pending.config.name,
                "ProductionVariants": self.pending.summaries(),
                "StartTime": self.modified,
            }
        return document

    def event_detail(self, status: str) -> Document:
        """The detail of a state-change event: upper-case status, times as epoch milliseconds."""
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config.name,
            "ProductionVariants": [
                {
                    "VariantName": each["VariantName"],
                    "CurrentWeight": each["CurrentWeight"],
                    "DesiredWeight": each["DesiredWeight"],
                    "CurrentInstanceCount": each["CurrentInstanceCount"],
                    "DesiredInstanceCount": each["DesiredInstanceCount"],
                }
                for each in self.fleet.summaries()
            ],
            "EndpointStatus": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper(),
            "FailureReason": self.failure_reason,
            "CreationTime": _milliseconds(self.created),
            "LastModifiedTime": _milliseconds(self.modified),
            "Tags": self.tags,
        }

    def _expired(self, request: Request) -> None:
        if self.expire is not None:
            self.expire(self, request)


def not_found(name: str, account: str) -> AwsError:
    """The runtime's words, also for endpoints that are not in service yet."""
    return AwsError("ValidationError", f"Endpoint {name} of account {account} not found.")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
