import json

import pytest
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.errors import ConfigurationError
from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import REGION, properties, specification
from tests.support.sagemaker.api import flaws


def problems(**changes: object) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        specification(**changes)
    return str(refusal.value)


def test_a_version_without_an_image_is_the_only_problem() -> None:
    """ImageUri, which is not given, is not blamed."""
    with pytest.raises(ConfigurationError) as refusal:
        read_specification(properties(FrameworkVersion="9.9"), REGION, flaws)

    assert "FrameworkVersion '9.9' of xgboost does not exist" in str(refusal.value)
    assert "ImageUri" not in str(refusal.value)


def test_an_unknown_instance_type_is_answered_with_similar_ones() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_specification(properties(InstanceType="ml.m5.5xlarge"), REGION, flaws)

    assert "ml.m5.4xlarge" in str(refusal.value)
    assert str(refusal.value).endswith("), not 'ml.m5.5xlarge'")
    assert ",," not in str(refusal.value)


def test_properties_are_read_with_their_types() -> None:
    read = specification(
        InstanceCount="3",
        IncludeInferenceResponseIn=["ERROR_NOTIFICATION_TOPIC", "SUCCESS_NOTIFICATION_TOPIC"],
        ModelEnvironment='{"WORKERS": "2"}',
        OutputKmsKeyId="arn:aws:kms:us-east-1:000000000000:key/1",
        S3OutputPath="s3://relay-data/outputs/",
    )

    assert read.instance_count == 3
    assert read.include_response_in == ("SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC")
    assert read.model_environment == {"WORKERS": "2"}
    assert read.output_kms_key_id == "arn:aws:kms:us-east-1:000000000000:key/1"
    assert read.output_path == "s3://relay-data/outputs"


def test_the_longest_name_leaves_room_for_what_is_named_after_it() -> None:
    """SageMaker takes 63 characters."""
    made = specification(EndpointName="a--" + "b" * 47).generation

    assert len(made.model) == len(made.config) == 63


def test_an_empty_list_parameter_means_nothing() -> None:
    assert specification(IncludeInferenceResponseIn=[""]).include_response_in == ()
    assert specification(OutputKmsKeyId="").output_kms_key_id is None


def test_a_custom_image_needs_neither_framework_nor_artifact() -> None:
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/churn:7"

    read = specification(ImageUri=image, Framework="", FrameworkVersion="", ModelDataUrl="")

    assert read.image == image
    assert read.model_data_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EndpointName", ""),
        ("EndpointName", "relay_1"),
        ("EndpointName", "-relay"),
        ("EndpointName", "r" * 51),
        ("EndpointName", "Relay"),
        ("ExecutionRoleArn", "relay-role"),
        ("ModelDataUrl", "model.tar.gz"),
        ("InstanceType", "m5.large"),
        ("InstanceCount", "0"),
        ("InstanceCount", "1.5"),
        ("InstanceCount", "2147483648"),
        ("InstanceCount", "²"),
        ("MaxConcurrentInvocationsPerInstance", "-1"),
        ("MaxConcurrentInvocationsPerInstance", "1001"),
        ("S3OutputPath", "s3://relay-data"),
        ("S3OutputPath", "s3://relay-data/" + "o" * 500),
        ("S3FailurePath", "failures/"),
        ("SuccessTopicArn", ""),
        ("SuccessTopicArn", "sagemaker-relay-success"),
        ("ErrorTopicArn", ""),
        ("ErrorTopicArn", "arn:aws:sqs:us-east-1:000000000000:queue"),
        ("IncludeInferenceResponseIn", ["EVERY_TOPIC"]),
        ("IncludeInferenceResponseIn", [7]),
        ("OutputKmsKeyId", "a key"),
        ("StackId", "relay"),
        ("ImageUri", "an image"),
    ],
)
def test_a_wrong_property_is_named(name: str, value: object) -> None:
    assert name in problems(**{name: value})


@pytest.mark.parametrize(
    "environment",
    [
        "not json",
        '["A"]',
        '{"A": 1}',
        '{"1A": "x"}',
        json.dumps({"A": "x" * 1025}),
        json.dumps({"A": "é" * 513}),
        json.dumps({f"A{number}": "x" for number in range(101)}),
        json.dumps({f"A{number}": "x" * 1000 for number in range(40)}),
    ],
)
def test_an_environment_that_sagemaker_would_refuse_is_refused(environment: str) -> None:
    assert "ModelEnvironment" in problems(ModelEnvironment=environment)


def test_no_message_shows_a_value_of_the_environment() -> None:
    found = problems(ModelEnvironment=json.dumps({"TOKEN": "hush" * 300, "1": "hush"}))

    assert "hush" not in found


@pytest.mark.parametrize(
    ("outputs", "failures"),
    [
        ("s3://relay-data/outputs", "s3://relay-data/outputs"),
        ("s3://relay-data/outputs", "s3://relay-data/outputs/failures"),
        ("s3://relay-data/inputs/outputs", "s3://relay-data/failures"),
        ("s3://relay-data/outputs", "s3://relay-data/inputs/"),
    ],
)
def test_folders_that_overlap_are_refused(outputs: str, failures: str) -> None:
    assert "overlap" in problems(S3OutputPath=outputs, S3FailurePath=failures)


def test_a_folder_whose_name_begins_like_another_is_no_overlap() -> None:
    specification(S3OutputPath="s3://relay-data/inputs-done", S3FailurePath="s3://relay-data/out")


def test_neither_image_nor_framework_is_a_problem() -> None:
    assert "either ImageUri" in problems(ImageUri="", Framework="")


def test_a_framework_without_an_artifact_is_a_problem() -> None:
    assert "ModelDataUrl" in problems(ModelDataUrl="")


def test_all_problems_are_reported_at_once() -> None:
    found = problems(EndpointName="", InstanceCount="none", SuccessTopicArn="a topic")

    assert all(name in found for name in ("EndpointName", "InstanceCount", "SuccessTopicArn"))


def test_the_same_specification_always_has_the_same_names() -> None:
    assert specification().generation == specification(ServiceTimeout="3600").generation


def test_names_fit_sagemakers_limit() -> None:
    generation = specification(EndpointName="r" * 50).generation

    assert max(len(generation.model), len(generation.config)) <= 63


@pytest.mark.parametrize(
    "change",
    [
        {"ModelDataUrl": "s3://models/2.tar.gz"},
        {"FrameworkVersion": "1.7-1"},
        {"ModelEnvironment": '{"A": "1"}'},
        {"ExecutionRoleArn": "arn:aws:iam::000000000000:role/another"},
    ],
)
def test_what_goes_into_the_model_changes_both_names(change: dict[str, object]) -> None:
    before, after = specification().generation, specification(**change).generation

    assert before.model != after.model
    assert before.config != after.config


@pytest.mark.parametrize(
    "change",
    [
        {"InstanceType": "ml.c5.xlarge"},
        {"InstanceCount": "2"},
        {"MaxConcurrentInvocationsPerInstance": "5"},
        {"S3OutputPath": "s3://relay-data/results"},
        {"S3FailurePath": "s3://relay-data/errors"},
        {"SuccessTopicArn": "arn:aws:sns:us-east-1:000000000000:another"},
        {"ErrorTopicArn": "arn:aws:sns:us-east-1:000000000000:another"},
        {"IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"]},
        {"OutputKmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/1"},
    ],
)
def test_what_goes_into_the_configuration_changes_its_name_alone(
    change: dict[str, object],
) -> None:
    before, after = specification().generation, specification(**change).generation

    assert before.model == after.model
    assert before.config != after.config


def test_a_specification_survives_being_stored() -> None:
    read = specification(
        IncludeInferenceResponseIn=["SUCCESS_NOTIFICATION_TOPIC"], ModelEnvironment='{"A": "1"}'
    )

    assert from_json(Specification, to_json(read)) == read


def test_a_property_that_is_no_string_is_named() -> None:
    with pytest.raises(ConfigurationError, match="InstanceType must be a string"):
        read_specification({**properties(), "InstanceType": 5}, REGION)
