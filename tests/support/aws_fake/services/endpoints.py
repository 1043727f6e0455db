"""One endpoint as it is, and as DescribeEndpoint shows it a moment later."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from tests.support.aws_fake.calls import Document

ARN: Final = "arn:aws:sagemaker:us-east-1:000000000000"
VARIANT: Final = "AllTraffic"
SETTLED: Final = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")
SERVING: Final = ("InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed")


@dataclass(frozen=True, slots=True)
class State:
    """What DescribeEndpoint answers; `modified` is LastModifiedTime."""

    name: str
    status: str
    config: str
    desired: int
    current: int
    created: datetime
    modified: datetime
    reason: str = ""

    def describe(self) -> Document:
        document: Document = {
            "EndpointName": self.name,
            "EndpointArn": arn("endpoint", self.name),
            "EndpointConfigName": self.config,
            "EndpointStatus": self.status,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }
        if self.status not in ("Creating", "Failed"):
            document["ProductionVariants"] = [
                {
                    "VariantName": VARIANT,
                    "CurrentWeight": 1.0,
                    "DesiredWeight": 1.0,
                    "CurrentInstanceCount": self.current,
                    "DesiredInstanceCount": self.desired,
                }
            ]
        if self.reason:
            document["FailureReason"] = self.reason
        return document


@dataclass
class Endpoint:
    """A name, also before the endpoint exists and after it is gone."""

    name: str
    # The configuration that an update under way leads to.
    pending: str = ""
    # None: there is no endpoint.
    state: State | None = None
    _history: list[tuple[datetime, State | None]] = field(default_factory=list)

    def seen(self, now: datetime, lag: float) -> State | None:
        """What a description shows that lags by so many seconds."""
        then = now - timedelta(seconds=lag)
        for since, state in reversed(self._history):
            if since <= then:
                return state
        return None

    def begin(self, config: str, count: int, now: datetime) -> None:
        self._put(State(self.name, "Creating", config, count, 0, now, now), now)

    def change(self, now: datetime, **changes: object) -> None:
        """Any change of status, configuration or capacity moves LastModifiedTime."""
        assert self.state is not None
        self._put(replace(self.state, modified=now, **changes), now)  # type: ignore[arg-type]

    def vanish(self, now: datetime) -> None:
        self.pending = ""
        self._put(None, now)

    @property
    def state_in_service(self) -> str:
        """The configuration in service."""
        return self.state.config if self.state else ""

    @property
    def configs(self) -> set[str]:
        """Of the configurations that are in use."""
        if self.state is None:
            return set()
        return {self.state.config, self.pending} - {""}

    def _put(self, state: State | None, now: datetime) -> None:
        self.state = state
        self._history.append((now, state))


def arn(kind: str, name: str) -> str:
    return f"{ARN}:{kind}/{name.lower()}"
