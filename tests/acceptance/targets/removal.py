"""Removes everything that a run on an account made, found by the name with which it all begins."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_STACK_SECONDS = 75 * 60
_PAUSE_SECONDS = 2.0
# Lists lag behind deletions, and functions that were still at work make a log group again. So an
# account is only empty if it still is after the pause.
_PAUSES = (0, 2, 4, 8, 16, 32, 64, 128, 256)
_QUIET_SECONDS = 10


class Removal:
    """The resources of an account under a name, and their removal."""

    def __init__(self, session: boto3.Session, name: str, report: Callable[[str], None]) -> None:
        self._client = session.client
        self._name = name
        self._report = report

    def remove(self) -> list[str]:
        """Removes it all; returns what is left, with the reason where there is one."""
        left: list[str] = []
        for pause in _PAUSES:
            time.sleep(pause)
            problems = [problem for step in self._steps for problem in self._tried(step)]
            left = self.left() or self._left_later()
            if not left:
                break
            left += problems
        return left

    def _left_later(self) -> list[str]:
        time.sleep(_QUIET_SECONDS)
        return self.left()

    def left(self) -> list[str]:
        """What there is under the name."""
        found: list[str] = []
        for kind, names in self._kinds.items():
            try:
                found += [f"{kind} {name}" for name in names()]
            except (BotoCoreError, ClientError) as error:
                found.append(f"{kind}: cannot be listed: {error}")
        return found

    @property
    def _steps(self) -> tuple[Callable[[], None], ...]:
        """Stacks first: they remove most, and what they retain comes afterwards."""
        return (
            self._remove_stacks,
            self._remove_endpoints,
            self._remove_queues,
            self._remove_topics,
            self._remove_buses,
            self._remove_buckets,
            self._remove_logs,
            self._remove_alarms,
        )

    @property
    def _kinds(self) -> dict[str, Callable[[], Iterator[str]]]:
        return {
            "stack": self._stacks,
            "endpoint": self._endpoints,
            "endpoint configuration": self._configurations,
            "model": self._models,
            "queue": self._queues,
            "topic": self._topics,
            "event bus": self._buses,
            "bucket": self._buckets,
            "log group": self._groups,
            "alarm": self._alarms,
        }

    def _tried(self, step: Callable[[], None]) -> list[str]:
        try:
            step()
        except (BotoCoreError, ClientError, RuntimeError) as error:
            return [str(error)]
        return []

    # --- what there is ---------------------------------------------------------------------------

    def _pages(self, service: str, operation: str, key: str, **given: Any) -> Iterator[Any]:
        client: Any = self._client(service)  # type: ignore[call-overload]
        for page in client.get_paginator(operation).paginate(**given):
            yield from page.get(key, [])

    def _stacks(self) -> Iterator[str]:
        for stack in self._pages("cloudformation", "describe_stacks", "Stacks"):
            if stack["StackName"].startswith(self._name):
                yield stack["StackName"]

    def _endpoints(self) -> Iterator[str]:
        for each in self._pages("sagemaker", "list_endpoints", "Endpoints"):
            if each["EndpointName"].startswith(self._name):
                yield each["EndpointName"]

    def _configurations(self) -> Iterator[str]:
        for each in self._pages("sagemaker", "list_endpoint_configs", "EndpointConfigs"):
            if each["EndpointConfigName"].startswith(self._name):
                yield each["EndpointConfigName"]

    def _models(self) -> Iterator[str]:
        for each in self._pages("sagemaker", "list_models", "Models"):
            if each["ModelName"].startswith(self._name):
                yield each["ModelName"]

    def _queues(self) -> Iterator[str]:
        yield from self._pages("sqs", "list_queues", "QueueUrls", QueueNamePrefix=self._name)

    def _topics(self) -> Iterator[str]:
        for each in self._pages("sns", "list_topics", "Topics"):
            name = each["TopicArn"].rpartition(":")[2]
            if name.removeprefix("sagemaker-").startswith(self._name):
                yield each["TopicArn"]

    def _buses(self) -> Iterator[str]:
        found = self._client("events").list_event_buses(NamePrefix=self._name)
        yield from (bus["Name"] for bus in found["EventBuses"])

    def _buckets(self) -> Iterator[str]:
        for bucket in self._client("s3").list_buckets()["Buckets"]:
            if bucket["Name"].startswith(self._name):
                yield bucket["Name"]

    def _groups(self) -> Iterator[str]:
        for prefix in (f"/aws/lambda/{self._name}", f"/aws/sagemaker/Endpoints/{self._name}"):
            for group in self._pages(
                "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix
            ):
                yield group["logGroupName"]

    def _alarms(self) -> Iterator[str]:
        for prefix in (self._name, f"TargetTracking-endpoint/{self._name}"):
            for alarm in self._pages(
                "cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix
            ):
                yield alarm["AlarmName"]

    # --- removal ---------------------------------------------------------------------------------

    def _remove_stacks(self) -> None:
        """A stack that is being updated can be deleted only once it is through."""
        cloudformation = self._client("cloudformation")
        deadline = time.monotonic() + _STACK_SECONDS
        asked: set[str] = set()
        while names := list(self._stacks()):
            for name in names:
                found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
                status = str(found["StackStatus"])
                if status == "DELETE_FAILED" and name in asked:
                    raise RuntimeError(f"stack {name}: {found.get('StackStatusReason', status)}")
                if status != "DELETE_IN_PROGRESS":
                    self._delete(cloudformation, name, asked)
            if time.monotonic() > deadline:
                raise RuntimeError(f"stacks {names} are still there")
            time.sleep(_PAUSE_SECONDS)

    def _delete(self, cloudformation: Any, name: str, asked: set[str]) -> None:
        try:
            cloudformation.delete_stack(StackName=name)
        except ClientError as error:
            if "IN_PROGRESS" not in str(error):
                raise
            return
        if name not in asked:
            self._report(f"deleting the stack {name}")
        asked.add(name)

    def _remove_endpoints(self) -> None:
        """Only where a stack could not do it itself."""
        sagemaker = self._client("sagemaker")
        for name in list(self._endpoints()):
            self._report(f"deleting the endpoint {name}")
            sagemaker.delete_endpoint(EndpointName=name)
        for name in list(self._configurations()):
            sagemaker.delete_endpoint_config(EndpointConfigName=name)
        for name in list(self._models()):
            sagemaker.delete_model(ModelName=name)

    def _remove_queues(self) -> None:
        for url in list(self._queues()):
            self._client("sqs").delete_queue(QueueUrl=url)

    def _remove_topics(self) -> None:
        for arn in list(self._topics()):
            self._client("sns").delete_topic(TopicArn=arn)

    def _remove_buses(self) -> None:
        events = self._client("events")
        for bus in list(self._buses()):
            for rule in events.list_rules(EventBusName=bus)["Rules"]:
                targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)
                ids = [each["Id"] for each in targets["Targets"]]
                if ids:
                    events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=ids)
                events.delete_rule(Name=rule["Name"], EventBusName=bus)
            events.delete_event_bus(Name=bus)

    def _remove_buckets(self) -> None:
        s3 = self._client("s3")
        for bucket in list(self._buckets()):
            self._report(f"deleting the bucket {bucket}")
            while found := s3.list_objects_v2(Bucket=bucket).get("Contents"):
                for each in found:
                    s3.delete_object(Bucket=bucket, Key=each["Key"])
            s3.delete_bucket(Bucket=bucket)

    def _remove_logs(self) -> None:
        for group in list(self._groups()):
            self._client("logs").delete_log_group(logGroupName=group)

    def _remove_alarms(self) -> None:
        if names := list(self._alarms()):
            self._client("cloudwatch").delete_alarms(AlarmNames=names)
