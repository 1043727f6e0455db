"""The endpoint's properties: the one table of what each is, and which member of the API it sets.

Reading, the origin of a flaw, what `EndpointSpecification` refuses, and the table in
docs/endpoint-specification.md derive from it. A property that SageMaker takes as it is given needs
no more than its row here, with `passed_on`, and its parameter in the template.
"""

import re
from dataclasses import dataclass
from typing import Final

# The property that adds what has no property of its own.
PROPERTY: Final = "EndpointSpecification"
# Instance counts are integers of 32 bits in both APIs (botocore's models).
MOST_INSTANCES: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Form:
    """Of a text: its pattern, and the words for it."""

    pattern: re.Pattern[str]
    words: str


@dataclass(frozen=True, slots=True)
class Span:
    """Of a whole number: from where to where."""

    minimum: int
    maximum: int

    @property
    def words(self) -> str:
        return f"a whole number from {self.minimum:,} to {self.maximum:,}"


@dataclass(frozen=True, slots=True)
class EndpointProperty:
    """One property of `Custom::AsyncEndpoint`.

    `members` are paths below `Model` (CreateModel) or `EndpointConfig` (CreateEndpointConfig) that
    it sets. `form` is None where the reading is a function of its own. `refusal` says what to do
    instead of giving a member in `EndpointSpecification`. `passed_on`: it may be left out, and goes
    into its member as it is given, without a field of `Specification`.
    """

    name: str
    members: tuple[str, ...]
    form: Form | Span | None = None
    refusal: str = ""
    passed_on: bool = False

    @property
    def instead(self) -> str:
        return self.refusal or f"use the parameter {self.name}"


_NAMED = "the relay names it, after the endpoint and a hash of what goes into it"
_ROUTED = "the relay sets it, or results would not reach it"
_TOPIC = Form(
    re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_.-]+"), "the ARN of a topic"
)
_KMS_KEY = Form(re.compile(r"[a-zA-Z0-9:/_-]{1,2048}"), "a KMS key's ARN or id")
_VARIANT = "EndpointConfig.ProductionVariants[]"
_ASYNC = "EndpointConfig.AsyncInferenceConfig"
_OUTPUT = f"{_ASYNC}.OutputConfig"

# Forms are those that the API's model leaves open, or states in a pattern that is hard to read.
ENDPOINT_PROPERTIES: Final = (
    EndpointProperty(
        "EndpointName",
        ("Model.ModelName", "EndpointConfig.EndpointConfigName", f"{_VARIANT}.ModelName"),
        # Models and configurations are named after it, with a hyphen and twelve digits more.
        Form(
            re.compile(r"[a-z0-9](-*[a-z0-9]){0,49}"),
            "lower-case letters, digits and inner hyphens, at most 50",
        ),
        _NAMED,
    ),
    EndpointProperty(
        "ExecutionRoleArn",
        ("Model.ExecutionRoleArn",),
        Form(
            re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[a-zA-Z_0-9+=,.@/-]+"),
            "the ARN of a role",
        ),
        "the stack's own role is used; what it needs beyond comes with the parameter "
        "EndpointPolicyArns",
    ),
    EndpointProperty(
        "ImageUri",
        ("Model.PrimaryContainer.Image",),
        Form(re.compile(r"\S{1,255}"), "the URI of an image in ECR"),
        "use the parameter ImageUri, or Framework and FrameworkVersion",
    ),
    EndpointProperty(
        "ModelDataUrl",
        ("Model.PrimaryContainer.ModelDataUrl",),
        Form(re.compile(r"(https|s3)://[^/]+/.+"), "the S3 URI of a model.tar.gz"),
    ),
    EndpointProperty("ModelEnvironment", ("Model.PrimaryContainer.Environment",)),
    EndpointProperty(
        "InstanceType",
        (f"{_VARIANT}.InstanceType",),
        Form(re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+"), "such as ml.m5.large"),
    ),
    EndpointProperty(
        "InstanceCount", (f"{_VARIANT}.InitialInstanceCount",), Span(1, MOST_INSTANCES)
    ),
    EndpointProperty(
        "MaxConcurrentInvocationsPerInstance",
        (f"{_ASYNC}.ClientConfig.MaxConcurrentInvocationsPerInstance",),
        Span(0, 1000),
    ),
    EndpointProperty("S3OutputPath", (f"{_OUTPUT}.S3OutputPath",), None, _ROUTED),
    EndpointProperty("S3FailurePath", (f"{_OUTPUT}.S3FailurePath",), None, _ROUTED),
    EndpointProperty(
        "SuccessTopicArn", (f"{_OUTPUT}.NotificationConfig.SuccessTopic",), _TOPIC, _ROUTED
    ),
    EndpointProperty(
        "ErrorTopicArn", (f"{_OUTPUT}.NotificationConfig.ErrorTopic",), _TOPIC, _ROUTED
    ),
    EndpointProperty(
        "IncludeInferenceResponseIn", (f"{_OUTPUT}.NotificationConfig.IncludeInferenceResponseIn",)
    ),
    EndpointProperty(
        "OutputKmsKeyId",
        (f"{_OUTPUT}.KmsKeyId",),
        _KMS_KEY,
        "use the parameter OutputKmsKeyId, which also grants its use",
    ),
    EndpointProperty(
        "VolumeKmsKeyId",
        ("EndpointConfig.KmsKeyId",),
        _KMS_KEY,
        "use the parameter VolumeKmsKeyId, which also grants its use",
    ),
    EndpointProperty(
        f"{PROPERTY}.Tags",
        ("Model.Tags", "EndpointConfig.Tags"),
        None,
        f"use {PROPERTY}.Tags, which the model, the configuration and the endpoint get",
    ),
)

FORMS: Final = {each.name: each.form for each in ENDPOINT_PROPERTIES if isinstance(each.form, Form)}
SPANS: Final = {each.name: each.form for each in ENDPOINT_PROPERTIES if isinstance(each.form, Span)}
