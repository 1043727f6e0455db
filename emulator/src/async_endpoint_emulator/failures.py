"""Why deployments fail, in AWS's words, and those that fail on purpose."""

from collections.abc import Mapping

from async_endpoint_emulator.resources import EndpointConfig, Model

KINDS: Mapping[str, str] = {
    "insufficient_capacity": (
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
        "error. Please retry using a different ML instance type."
    ),
    "image": (
        "Please make sure all images included in the model for the production variant {variant} "
        "exist, and that the execution role used to create the model has permissions to access "
        "them."
    ),
    "artifact": (
        'Failed to download model data for container "{container}" from URL: "{url}". Please '
        "ensure that there is an object located at the URL and that the role passed to "
        "CreateModel has permissions to download the object."
    ),
    "archive": (
        'Failed to extract model data archive from URL "{url}" for container "{container}". '
        "Please ensure that the object located at the URL is a valid tar.gz archive."
    ),
    "archive_size": (
        "The model data archive is too large. Please reduce the size of the model data archive or "
        "move to an instance type with more memory."
    ),
    "health_check": (
        "The primary container for production variant {variant} did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    ),
    "download_timeout": (
        "Model data download for production variant {variant} exceeded "
        "ModelDataDownloadTimeoutInSeconds ({seconds:.0f})."
    ),
    "internal": "Request to service failed. If failure persists after retry, contact support.",
}
"""What the faults `fail_next_creation` and `fail_next_scaling` may name."""


def reason(kind: str, **parts: object) -> str:
    """The words of one of `KINDS`, about a variant, container, url or seconds."""
    return KINDS[kind].format(**parts)


def failure_reason(fault: str, config: EndpointConfig, models: Mapping[str, Model]) -> str:
    """The FailureReason for a fault: one of `KINDS`, or the words themselves."""
    if fault not in KINDS:
        return fault
    variant = config.variants[0]
    container = models[variant.model_name].containers[0]
    return reason(
        fault,
        variant=variant.name,
        container=container.label,
        url=container.artifact_url or "s3://bucket/key",
        seconds=variant.download_timeout,
    )
