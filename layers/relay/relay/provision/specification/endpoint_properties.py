"""The table of the endpoint's properties: the form of each, and the members of the API it sets.

The table is the source for reading properties, for the origin of a flaw, for what
`EndpointSpecification` refuses, and for the table in docs/reference/endpoint-specification.md. A
property that SageMaker accepts unchanged needs only its row here, with `passed_on`, and its
parameter in the template.
"""

import re
from dataclasses import dataclass
from typing import Final

# The property for members of the API without a property of their own.
PROPERTY: Final = "EndpointSpecification"
# Tag of everything that the relay creates, with the stack's ARN. The provision function's role may
# delete what has it: the conditions in template.yaml name this key.
STACK_TAG: Final = "async-inference-relay:stack"
# Instance counts are 32-bit integers in both APIs (botocore's models).
MOST_INSTANCES: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Form:
    """Form of a string: its pattern, and the description for messages."""

    pattern: re.Pattern[str]
    words: str


@dataclass(frozen=True, slots=True)
class Span:
    """Range of a whole number, both ends included."""

    minimum: int
    maximum: int

    @property
    def words(self) -> str:
        return f"a whole number from {self.minimum:,} to {self.maximum:,}"


@dataclass(frozen=True, slots=True)
class EndpointProperty:
    """One property of `Custom::AsyncEndpoint`.

    `members` are the paths that it sets, below `Model` (CreateModel) or `EndpointConfig`
    (CreateEndpointConfig). `form` is None where a function of its own reads the property. `refusal`
    says what to do instead of giving a member in `EndpointSpecification`. `passed_on`: the property
    is optional and goes into its member unchanged, without a field of `Specification`.
    """

    name: str
    members: tuple[str, ...]
    form: Form | Span | None = None
    refusal: str = ""
    passed_on: bool = False

    @property
    def instead(self) -> str:
        return self.refusal or f"use the parameter {self.name}"


_NAMED = "the relay sets this name, from the endpoint's name and a hash of the content"
_ROUTED = "the relay sets this member, because results depend on it"
_TOPIC = Form(
    re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_.-]+"), "the ARN of a topic"
)
_KMS_KEY = Form(re.compile(r"[a-zA-Z0-9:/_-]{1,2048}"), "a KMS key's ARN or id")
_VARIANT = "EndpointConfig.ProductionVariants[]"
_ASYNC = "EndpointConfig.AsyncInferenceConfig"
_OUTPUT = f"{_ASYNC}.OutputConfig"

# Forms that the API's model does not define, or defines in a pattern that is hard to read.
ENDPOINT_PROPERTIES: Final = (
    EndpointProperty(
        "EndpointName",
        ("Model.ModelName", "EndpointConfig.EndpointConfigName", f"{_VARIANT}.ModelName"),
        # Names of models and configurations begin with it and have 13 more characters.
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
        "the stack's role is used; add permissions with the parameter EndpointPolicyArns",
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
        "use the parameter OutputKmsKeyId, which also adds the permissions for the key",
    ),
    EndpointProperty(
        "VolumeKmsKeyId",
        ("EndpointConfig.KmsKeyId",),
        _KMS_KEY,
        "use the parameter VolumeKmsKeyId, which also adds the permissions for the key",
    ),
    EndpointProperty(
        "StackId",
        ("Model.Tags", "EndpointConfig.Tags"),
        Form(
            re.compile(r"arn:aws[a-z-]*:cloudformation:[a-z0-9-]+:\d{12}:stack/[a-zA-Z0-9/-]+"),
            "the ARN of a stack",
        ),
    ),
    # After StackId, which sets a tag too: what is wrong with the tags is wrong here.
    EndpointProperty(
        f"{PROPERTY}.Tags",
        ("Model.Tags", "EndpointConfig.Tags"),
        None,
        f"use {PROPERTY}.Tags, which tags the model, the configuration and the endpoint",
    ),
)

FORMS: Final = {each.name: each.form for each in ENDPOINT_PROPERTIES if isinstance(each.form, Form)}
SPANS: Final = {each.name: each.form for each in ENDPOINT_PROPERTIES if isinstance(each.form, Span)}
