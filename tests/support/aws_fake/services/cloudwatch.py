"""CloudWatch's alarms, as far as the scaling of an endpoint needs them."""

from typing import Any

from tests.support.aws_fake.calls import Document
from tests.support.aws_fake.clients import Operation
from tests.support.aws_fake.errors import Refused


class CloudWatch:
    """Alarms by their names."""

    def __init__(self) -> None:
        self.alarms: dict[str, Document] = {}

    @property
    def operations(self) -> dict[str, Operation]:
        return {
            "put_metric_alarm": self._put_metric_alarm,
            "delete_alarms": self._delete_alarms,
            "describe_alarms": self._describe_alarms,
        }

    def _put_metric_alarm(self, *, AlarmName: str, **request: Any) -> Document:
        self.alarms[AlarmName] = request
        return {}

    def _delete_alarms(self, *, AlarmNames: list[str]) -> Document:
        for name in AlarmNames:
            if name not in self.alarms:
                raise Refused("ResourceNotFound", f"Alarm {name} does not exist", 404)
            del self.alarms[name]
        return {}

    def _describe_alarms(self, *, AlarmNames: list[str], **_: Any) -> Document:
        known = [name for name in AlarmNames if name in self.alarms]
        return {"MetricAlarms": [{"AlarmName": name} for name in known], "CompositeAlarms": []}
