"""Deployments that fail on purpose, for the reasons that AWS gives."""

from collections.abc import Callable, Mapping

from local.sagemaker.artifacts import failed_download, failed_extraction
from local.sagemaker.hosts import download_timeout, failed_health_check, missing_image
from local.sagemaker.resources import Container, EndpointConfig, Model, Variant

_Reason = Callable[[Variant, Container], str]

KINDS: Mapping[str, _Reason] = {
    "insufficient_capacity": lambda variant, container: (
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
        "error. Please retry using a different ML instance type."
    ),
    "image": lambda variant, container: missing_image(variant),
    "artifact": lambda variant, container: failed_download(
        container.label, container.artifact_url or "s3://bucket/key"
    ),
    "archive": lambda variant, container: failed_extraction(
        container.label, container.artifact_url or "s3://bucket/key"
    ),
    "health_check": lambda variant, container: failed_health_check(variant),
    "download_timeout": lambda variant, container: download_timeout(variant),
    "internal": lambda variant, container: (
        "Request to service failed. If failure persists after retry, contact support."
    ),
}
"""What the faults `fail_next_creation` and `fail_next_scaling` may name."""


def failure_reason(fault: str, config: EndpointConfig, models: Mapping[str, Model]) -> str:
    """The FailureReason for a fault: one of `KINDS`, or the words themselves."""
    variant = config.variants[0]
    kind = KINDS.get(fault)
    return kind(variant, models[variant.model_name].containers[0]) if kind else fault
