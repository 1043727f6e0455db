"""Names that programs and users rely on."""

import re

import pytest

from tests.template.template import deployed, resolve, source, transformed

OUTPUTS = {
    "DataBucketName": "DataBucket",
    "SubmitQueueUrl": "SubmitQueue",
    "SubmitDeadLetterQueueUrl": "SubmitDeadLetterQueue",
    "NotificationQueueUrl": "NotificationQueue",
    "NotificationDeadLetterQueueUrl": "NotificationDeadLetterQueue",
    "SuccessTopicArn": "SuccessTopic",
    "CompletedQueueUrl": "CompletedQueue",
    "FailedQueueUrl": "FailedQueue",
    "EndpointName": "Endpoint",
    "ProvisionFunctionName": "ProvisionFunction",
    "SubmitFunctionName": "SubmitFunction",
    "RouteFunctionName": "RouteFunction",
    "ReconcileFunctionName": "ReconcileFunction",
    "BackfillFunctionName": "BackfillFunction",
    "LedgerTableName": "LedgerTable",
    "RoutesParameterName": "RoutesParameter",
}


@pytest.mark.parametrize(("output", "resource"), OUTPUTS.items())
def test_an_output_names_its_resource(output: str, resource: str) -> None:
    assert source()["Outputs"][output]["Value"] == {"Ref": resource}


def test_every_output_and_parameter_says_what_it_is() -> None:
    described = {**source()["Outputs"], **source()["Parameters"]}

    silent = [name for name, item in described.items() if not item.get("Description")]

    assert not silent


@pytest.mark.parametrize(
    ("parameter", "default"), [("PythonRuntime", "python3.13"), ("Architecture", "arm64")]
)
def test_the_functions_run_on_a_current_runtime_by_default(parameter: str, default: str) -> None:
    declared = source()["Parameters"][parameter]

    assert declared["Default"] == default
    assert default in declared["AllowedValues"]


def test_every_parameter_has_a_default_so_that_the_stack_deploys_without_any() -> None:
    required = [name for name, item in source()["Parameters"].items() if "Default" not in item]

    assert not required


def test_cloudformation_masks_the_parameters_that_may_hold_secrets() -> None:
    """A masked value is not shown to operators either, so no other parameter is masked."""
    masked = {name for name, item in source()["Parameters"].items() if item.get("NoEcho")}

    assert masked == {"ModelEnvironment", "EndpointSpecification"}


def test_no_output_shows_what_cloudformation_masks() -> None:
    outputs = str(source()["Outputs"])

    for name in ("ModelEnvironment", "EndpointSpecification"):
        assert f"'{name}'" not in outputs
        assert "${" + name + "}" not in outputs


def test_every_parameter_is_used_and_shown_in_a_group() -> None:
    groups = source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    body = str({**transformed()["Resources"], **source()["Conditions"], "g": source()["Globals"]})

    unused = [name for name in source()["Parameters"] if f"'{name}'" not in body]

    assert sorted(shown) == sorted(source()["Parameters"])
    assert [name for name in unused if "${" + name + "}" not in body] == []


def test_the_bucket_policy_of_the_queue_names_the_bucket_by_the_name_it_gets() -> None:
    # Spelled out, because the bucket waits for this policy; so it must not drift from the bucket.
    statements = deployed()["SubmitQueuePolicy"].properties["PolicyDocument"]["Statement"]
    allowed = statements[0]["Condition"]["ArnEquals"]["aws:SourceArn"]

    assert resolve(allowed) == f"arn:aws:s3:::{resolve({'Ref': 'DataBucket'})}"


def test_every_topic_name_lets_sagemakers_managed_policy_publish() -> None:
    # AmazonSageMakerFullAccess publishes only to topics with "sagemaker" in the name.
    for topic in ("SuccessTopic", "ErrorTopic"):
        name = resolve(transformed()["Resources"][topic]["Properties"]["TopicName"])
        assert name.startswith("sagemaker-")


@pytest.mark.parametrize("name", ["Fraud-Scores", "a--b", "e" * 63, "jumpstart-dft-Meta-2024"])
def test_the_name_of_any_endpoint_that_exists_is_accepted(name: str) -> None:
    """SageMaker's own: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}."""
    for parameter in ("EndpointName", "VariantName"):
        declared = source()["Parameters"][parameter]
        assert re.fullmatch(declared["AllowedPattern"].strip("^$"), name)
        assert len(name) <= declared["MaxLength"]


@pytest.mark.parametrize("name", ["-a", "a-", "a_b", "a.b"])
def test_what_names_no_endpoint_is_refused_before_anything_is_made(name: str) -> None:
    assert not re.fullmatch(source()["Parameters"]["EndpointName"]["AllowedPattern"], name)
