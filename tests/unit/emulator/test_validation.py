"""Requests against botocore's model, with the limits that botocore leaves to AWS."""

from typing import Any

import pytest
from async_endpoint_emulator.errors import AwsError
from async_endpoint_emulator.validation import operation_model, validate


def check(operation: str, document: Any, service: str = "sagemaker") -> Any:
    return validate(operation_model(service, operation), document, "ValidationException")


def refusal(operation: str, document: Any, service: str = "sagemaker") -> AwsError:
    with pytest.raises(AwsError) as caught:
        check(operation, document, service)
    return caught.value


def test_a_valid_request_passes_without_its_unknown_members() -> None:
    request = {"EndpointName": "demo", "EndpointConfigName": "demo-1", "Colour": "blue"}

    checked = check("CreateEndpoint", request)

    assert checked == {"EndpointName": "demo", "EndpointConfigName": "demo-1"}


def test_a_missing_member_is_named_as_aws_names_it() -> None:
    error = refusal("CreateEndpoint", {"EndpointName": "demo"})

    assert error.code == "ValidationException"
    assert error.message == (
        "1 validation error detected: Value null at 'endpointConfigName' failed to satisfy "
        "constraint: Member must not be null"
    )


def test_all_broken_constraints_come_in_one_message() -> None:
    error = refusal("CreateEndpoint", {"EndpointName": "-", "EndpointConfigName": "x" * 64})

    # The order and the words are those of SageMaker for a name that is too long, as recorded:
    # https://github.com/zenml-io/zenml/issues/1502
    long, pattern = "x" * 64, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    assert error.message == (
        "3 validation errors detected: Value '-' at 'endpointName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}; "
        f"Value '{long}' at 'endpointConfigName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}; "
        f"Value '{long}' at 'endpointConfigName' failed to satisfy constraint: "
        "Member must have length less than or equal to 63"
    )


def test_a_list_of_texts_is_refused_as_a_whole() -> None:
    """Words as AWS Certificate Manager and Lambda have them, whose framework is the same."""
    config = {"SecurityGroupIds": ["sg-1", "sg_2"], "Subnets": ["subnet-1"]}
    container = {"Image": "i"}

    error = refusal(
        "CreateModel", {"ModelName": "m", "PrimaryContainer": container, "VpcConfig": config}
    )

    assert error.message == (
        "1 validation error detected: Value '[sg-1, sg_2]' at 'vpcConfig.securityGroupIds' failed "
        "to satisfy constraint: Member must satisfy constraint: [Member must have length less than "
        "or equal to 32, Member must have length greater than or equal to 0, Member must satisfy "
        "regular expression pattern: [-0-9a-zA-Z]+]"
    )


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"1": "x"},
            "Value '{1=x}' at 'primaryContainer.environment' failed to satisfy constraint: Map "
            "keys must satisfy constraint: [Member must have length less than or equal to 1024, "
            "Member must have length greater than or equal to 0, Member must satisfy regular "
            "expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]",
        ),
        (
            {"A": "b", "C": "x" * 1025},
            f"Value '{{A=b, C={'x' * 1025}}}' at 'primaryContainer.environment' failed to satisfy "
            "constraint: Map value must satisfy constraint: [Member must have length less than or "
            "equal to 1024, Member must have length greater than or equal to 0, Member must "
            "satisfy regular expression pattern: [\\S\\s]*]",
        ),
    ],
    ids=["key", "value"],
)
def test_a_map_is_refused_as_a_whole(environment: Any, words: str) -> None:
    container = {"Image": "i", "Environment": environment}

    error = refusal("CreateModel", {"ModelName": "m", "PrimaryContainer": container})

    assert error.message == f"1 validation error detected: {words}"


@pytest.mark.parametrize(
    ("operation", "document", "words"),
    [
        (
            "DeleteTags",
            {"TagKeys": [None]},
            "Value '[null]' at 'tagKeys' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must have length less than or equal to 128, Member must have "
            "length greater than or equal to 1, Member must satisfy regular expression pattern: "
            "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*), Member must not be null]",
        ),
        (
            "AddTags",
            {"Tags": [None]},
            "Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null",
        ),
    ],
)
def test_a_null_in_a_list_is_refused(operation: str, document: Any, words: str) -> None:
    arn = "arn:aws:sagemaker:us-east-1:000000000000:model/m"

    error = refusal(operation, {"ResourceArn": arn, **document})

    assert error.message == f"1 validation error detected: {words}"


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (
            {"InstanceType": "ml.huge"},
            "at 'productionVariants.1.member.instanceType' failed to satisfy constraint: "
            "Member must satisfy enum value set",
        ),
        (
            {"InitialInstanceCount": 0},
            "Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1",
        ),
    ],
    ids=["enumeration", "range"],
)
def test_nested_members_are_checked(variant: Any, words: str) -> None:
    variants = [{"VariantName": "a", "ModelName": "m", **variant}]

    error = refusal(
        "CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": variants}
    )

    assert words in error.message


@pytest.mark.parametrize("value", [3, True, ["x"], {"a": 1}])
def test_a_value_of_the_wrong_type_is_a_serialization_error(value: Any) -> None:
    assert refusal("DescribeEndpoint", {"EndpointName": value}).code == "SerializationException"


def test_a_boolean_is_not_a_number() -> None:
    variants = [{"VariantName": "a", "ModelName": "m", "InitialInstanceCount": True}]

    error = refusal(
        "CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": variants}
    )

    assert error.code == "SerializationException"


@pytest.mark.parametrize(
    ("key", "accepted"), [("team: größe 7", True), ("a/b=c+d-e@f", True), ("semi;colon", False)]
)
def test_java_character_classes_are_understood(key: str, accepted: bool) -> None:
    request = {
        "ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m",
        "Tags": [{"Key": key, "Value": ""}],
    }

    if accepted:
        assert check("AddTags", request) == request
    else:
        assert "regular expression" in refusal("AddTags", request).message


@pytest.mark.parametrize(
    ("inference_id", "accepted"), [("a b~", True), (" a", False), ("größe", False)]
)
def test_inference_ids_are_printable_and_do_not_begin_with_a_space(
    inference_id: str, accepted: bool
) -> None:
    request = {"EndpointName": "demo", "InferenceId": inference_id}

    if accepted:
        assert check("InvokeEndpointAsync", request, "sagemaker-runtime") == request
    else:
        assert refusal("InvokeEndpointAsync", request, "sagemaker-runtime")


def test_sensitive_values_are_not_repeated() -> None:
    request = {"EndpointName": "demo", "CustomAttributes": "secret" * 200}

    error = refusal("InvokeEndpointAsync", request, "sagemaker-runtime")

    assert "customAttributes" in error.message
    assert "secret" not in error.message
