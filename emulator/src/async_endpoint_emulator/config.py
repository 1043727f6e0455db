"""How the emulator behaves: durations, and a choice wherever AWS's behaviour is unknown.

README.md explains each choice. `faults.py` holds what goes wrong on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from async_endpoint_emulator.documents import within


@dataclass(frozen=True, slots=True)
class NotificationShape:
    """The variations seen in real notifications, each of which a consumer must survive."""

    echo_custom_attributes: bool = True
    omit_accept: bool = False
    omit_content_type: bool = False
    trim_timestamps: bool = True
    """Trailing zeros of the milliseconds are dropped, as observed."""
    https_output_location: bool = False
    failure_reason: bool = True
    failure_location: bool = False
    """Adds `responseParameters.failureLocation` to Failed notifications."""
    encode_failure_body: bool = True
    """False: the container's error text goes undecoded and without `encoding`."""
    input_location_for_inline_body: bool = False
    """True: an inline body's notification carries an empty `inputLocation`; False: none."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may become on the disk of this machine, on which SageMaker has no limit but
    that of the instance's volume."""

    unpacked_bytes: int = within(1, 2**50, 16 * 2**30)
    members: int = within(1, 10**9, 100_000)


@dataclass(frozen=True, slots=True)
class Config:
    """Set once with --config. Durations are seconds."""

    creation_seconds: float = within(0, 3600, 4.0)
    update_seconds: float = within(0, 3600, 3.0)
    scaling_seconds: float = within(0, 3600, 1.0)
    rollback_seconds: float = within(0, 3600, 1.0)
    deletion_seconds: float = within(0, 3600, 1.0)
    time_factor: float = within(0, 100, 0.05)
    """Seconds that pass here for each second that a deployment configuration asks to wait, and for
    each second of the alarms on metrics and of the cooldowns of scaling."""
    metrics_seconds: float = within(0.1, 3600, 10.0)
    """Between two publications of the metrics to CloudWatch."""
    logs_seconds: float = within(0.1, 3600, 2.0)
    """Between two batches of the model servers' output to CloudWatch Logs."""
    alarm_seconds: float = within(0.05, 3600, 0.5)
    """Between two looks at the alarms of a deployment."""

    rollback_failure_reason: bool = True
    """False: a rollback leaves no FailureReason, as has been observed."""
    events_per_change: int = within(0, 10, 2)
    test_notifications: bool = True
    create_model_checks_artifact: bool = True
    instance_quota: int = within(0, 1000, 20)
    """Instances over all endpoints; beyond it ResourceLimitExceeded."""

    default_concurrency: int = within(1, 1000, 4)
    """Used when MaxConcurrentInvocationsPerInstance is absent."""
    pass_inference_id: bool = True
    filename_suffix: str = ".out"
    """Appended to the caller's Filename."""
    expiry_notification: bool = True
    expiry_failure_object: bool = False
    refuse_non_ascii_input_location: bool = False

    ping_seconds: float = within(0.05, 3600, 5.0)
    stop_grace_seconds: float = within(0, 3600, 30.0)
    """Between SIGTERM and SIGKILL of a model server."""
    decision_seconds: float = within(0, 3600, 3.0)
    """How long an authorisation decision is remembered."""

    archives: ArchiveLimits = field(default_factory=ArchiveLimits)
    notifications: NotificationShape = field(default_factory=NotificationShape)
    containers: Mapping[str, str] = field(default_factory=dict)
    """Regular expression over an image's URI -> command; the first that matches is run.
    `{python}` is the emulator's interpreter."""
