"""Checks the requests before the first of them is sent, and says what is wrong in people's words.

Three things find flaws: the API's own model (a port, since only an adapter may read it), the rules
that the model cannot express, and before them the rules of each property. Their author knows
neither requests nor operations, so every flaw is told under the name by which it was given.
"""

from typing import Final

from relay.provisioning import rules
from relay.provisioning.additions import PROPERTY
from relay.provisioning.properties import PropertyReader
from relay.provisioning.requests import Request, RequestCheck

# Where a member of a request comes from, when not from EndpointSpecification: the longest first.
_ORIGINS: Final = {
    "CreateModel": {
        "PrimaryContainer.Environment": "ModelEnvironment",
        "PrimaryContainer.ModelDataUrl": "ModelDataUrl",
        "PrimaryContainer.Image": "ImageUri",
        "ExecutionRoleArn": "ExecutionRoleArn",
        "ModelName": "EndpointName",
        "Tags": f"{PROPERTY}.Tags",
        "": f"{PROPERTY}.Model",
    },
    "CreateEndpointConfig": {
        "AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance": (
            "MaxConcurrentInvocationsPerInstance"
        ),
        "AsyncInferenceConfig.OutputConfig.NotificationConfig.IncludeInferenceResponseIn": (
            "IncludeInferenceResponseIn"
        ),
        "AsyncInferenceConfig.OutputConfig.NotificationConfig.SuccessTopic": "SuccessTopicArn",
        "AsyncInferenceConfig.OutputConfig.NotificationConfig.ErrorTopic": "ErrorTopicArn",
        "AsyncInferenceConfig.OutputConfig.S3OutputPath": "S3OutputPath",
        "AsyncInferenceConfig.OutputConfig.S3FailurePath": "S3FailurePath",
        "AsyncInferenceConfig.OutputConfig.KmsKeyId": "OutputKmsKeyId",
        "ProductionVariants[0].InitialInstanceCount": "InstanceCount",
        "ProductionVariants[0].InstanceType": "InstanceType",
        "ProductionVariants[0].ModelName": "EndpointName",
        "EndpointConfigName": "EndpointName",
        "KmsKeyId": "VolumeKmsKeyId",
        "Tags": f"{PROPERTY}.Tags",
        "": f"{PROPERTY}.EndpointConfig",
    },
}


def check(reader: PropertyReader, model: Request, config: Request, *, by: RequestCheck) -> None:
    """Tells `reader` what SageMaker would refuse in the requests that make both.

    What the properties' own rules have refused before is not told twice.
    """
    inputs = reader.folder("S3InputPath") if reader.text("S3InputPath") else None
    found = [("CreateModel", flaw) for flaw in by("CreateModel", model)]
    found += [("CreateEndpointConfig", flaw) for flaw in by("CreateEndpointConfig", config)]
    found += rules.flaws(model, config, inputs)
    for operation, flaw in found:
        origin, where = _origin(operation, flaw.path)
        if not reader.has_refused(where if origin.startswith(PROPERTY) else origin):
            reader.refuse(f"{where} {flaw.problem}")


def _origin(operation: str, path: str) -> tuple[str, str]:
    """The property in which a path begins, and the path as its author knows it."""
    for prefix, origin in _ORIGINS[operation].items():
        if not prefix:
            return origin, f"{origin}.{path}"
        rest = path.removeprefix(prefix)
        if path.startswith(prefix) and (not rest or rest[0] in ".["):
            return origin, f"{origin}{rest}"
    raise AssertionError("every operation has an origin for the rest")
