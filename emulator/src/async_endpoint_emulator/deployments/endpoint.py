"""An endpoint as DescribeEndpoint, its events and an autoscaler see it."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from async_endpoint_emulator.deployments.fleet import Fleet
from async_endpoint_emulator.deployments.load import EndpointLoad
from async_endpoint_emulator.inference.queue import RequestQueue
from async_endpoint_emulator.resources import EndpointConfig
from async_endpoint_emulator.validation import Document

SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed")
SETTLED = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")


class Endpoint:
    """What DescribeEndpoint shows, and the queue and fleets behind it."""

    def __init__(
        self,
        name: str,
        arn: str,
        tags: Mapping[str, str],
        queue: RequestQueue,
        fleet: Callable[[RequestQueue], Fleet],
    ) -> None:
        self.name = name
        self.arn = arn
        self.tags = dict(tags)
        self.queue = queue
        self.fleet = fleet(queue)
        """In force."""
        self.pending: Fleet | None = None
        """To come, while an update goes on."""
        self.remnant: Fleet | None = None
        """Of an update that could neither be completed nor rolled back; it serves, too."""
        self.status = "Creating"
        self.failure_reason: str | None = None
        self.created = self.modified = datetime.now(UTC)
        self.deployment_config: Document | None = None
        self.transition: asyncio.Task[None] | None = None

    @property
    def config(self) -> EndpointConfig:
        """The configuration in force."""
        return self.fleet.config

    @property
    def fleets(self) -> list[Fleet]:
        """All that have instances, or will have."""
        return [each for each in (self.fleet, self.pending, self.remnant) if each is not None]

    @property
    def load(self) -> EndpointLoad:
        return EndpointLoad(
            name=self.name,
            status=self.status,
            waiting=self.queue.qsize(),
            in_process=self.queue.in_process,
            oldest_seconds=self.queue.oldest_seconds,
            instances=self.fleet.size,
            desired=self.fleet.desired_counts,
        )

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
        if self.status == "Creating":
            document["PendingDeploymentSummary"] = self.fleet.describe_pending()
        elif self.status != "Failed":
            document["ProductionVariants"] = self.fleet.describe()
        if capture := self.config.document.get("DataCaptureConfig"):
            document["DataCaptureConfig"] = _data_capture(capture)
        if self.failure_reason:
            document["FailureReason"] = self.failure_reason[:1024]
        if self.deployment_config:
            document["LastDeploymentConfig"] = self.deployment_config
        if self.pending is not None:
            document["PendingDeploymentSummary"] = self.pending.describe_pending()
        return document

    def event_detail(self, status: str) -> Document:
        """The detail of a state-change event: upper-case status, times as epoch milliseconds."""
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config.name,
            "ProductionVariants": [_event_variant(each) for each in self.fleet.describe()],
            "EndpointStatus": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper(),
            "FailureReason": self.failure_reason,
            "CreationTime": _milliseconds(self.created),
            "LastModifiedTime": _milliseconds(self.modified),
            "Tags": self.tags,
        }

    def deployment_detail(self) -> Document:
        """The detail of a deployment state-change event: with the phases of both fleets."""
        detail = self.event_detail(self.status)
        del detail["FailureReason"]
        if self.pending is not None:
            summary = self.pending.describe_pending()
            detail["PendingDeploymentSummary"] = {
                "EndpointConfigName": summary["EndpointConfigName"],
                "StartTime": _milliseconds(summary["StartTime"]),
                "ProductionVariants": [
                    _event_variant(each) for each in summary["ProductionVariants"]
                ],
            }
        return detail


def _event_variant(summary: Document) -> Document:
    members = (
        "VariantName",
        "CurrentWeight",
        "DesiredWeight",
        "CurrentInstanceCount",
        "DesiredInstanceCount",
    )
    variant = {name: summary[name] for name in members}
    if phases := summary.get("VariantStatus"):
        variant["VariantStatus"] = [
            {**each, "StartTime": _milliseconds(each["StartTime"])} for each in phases
        ]
    return variant


def _data_capture(config: Document) -> Document:
    enabled = config.get("EnableCapture", False)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
