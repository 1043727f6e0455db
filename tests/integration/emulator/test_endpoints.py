"""The control plane's lives and refusals, through boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator.stack import SCRIPTED, TRUST, Stack, eventually


def refusal(function: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        function(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_endpoint_is_created_announced_and_described(stack: Stack) -> None:
    stack.create_model(image=SCRIPTED)
    config = stack.create_config()

    created = stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    at_first = stack.describe()
    stack.await_status("InService")
    described = stack.describe()

    assert created["EndpointArn"].endswith(f":endpoint/{stack.name}")
    assert at_first["EndpointStatus"] == "Creating"
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert described["EndpointConfigName"] == config
    assert [json.loads(text) for text in stack.receive(stack.successes)] == [
        {"eventVersion": "1.0", "eventSource": "aws:sagemaker", "eventName": "TestNotification"}
    ]


def test_an_update_switches_to_the_new_configuration(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)
    new = stack.create_config(f"new-{stack.suffix}", count=2)
    stack.receive(stack.successes)

    stack.sagemaker.update_endpoint(EndpointName=stack.name, EndpointConfigName=new)
    during = stack.describe()
    stack.await_status("InService")

    assert during["EndpointStatus"] == "Updating"
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == new
    assert stack.describe()["EndpointConfigName"] == new
    assert stack.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert "TestNotification" in "".join(stack.receive(stack.successes))


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 1),
        ({"RetainAllVariantProperties": True}, 3),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [
                    {"VariantPropertyType": "DesiredInstanceCount"}
                ],
            },
            1,
        ),
    ],
    ids=["reset", "retained", "excluded"],
)
def test_an_update_resets_scaled_capacity_unless_it_is_retained(
    stack: Stack, options: Any, count: int
) -> None:
    stack.create_endpoint(SCRIPTED)
    stack.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=stack.name,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    stack.await_status("InService")
    new = stack.create_config(f"new-{stack.suffix}")

    stack.sagemaker.update_endpoint(EndpointName=stack.name, EndpointConfigName=new, **options)
    stack.await_status("InService")

    assert stack.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == count


def test_a_failed_update_rolls_back_and_keeps_serving(stack: Stack) -> None:
    stack.create_endpoint(SCRIPTED)
    broken = stack.create_model(f"broken-{stack.suffix}", image="example/broken:1")
    new = stack.create_config(f"new-{stack.suffix}", model=broken)

    stack.sagemaker.update_endpoint(EndpointName=stack.name, EndpointConfigName=new)
    stack.await_status("RollingBack")
    stack.invoke(Body=b"{}")
    stack.await_status("InService")

    assert stack.describe()["EndpointConfigName"] == f"config-{stack.suffix}"
    assert "did not pass the ping health check" in stack.describe()["FailureReason"]
    assert len(stack.notifications(stack.successes)) == 1


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("unknown/image:1", "No local container stands for the image unknown/image:1"),
        ("example/broken:1", "did not pass the ping health check"),
    ],
)
def test_an_image_that_cannot_run_fails_the_endpoint(stack: Stack, image: str, words: str) -> None:
    stack.create_model(image=image)
    config = stack.create_config()

    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("Failed")

    assert words in stack.describe()["FailureReason"]
    assert "not found" in refusal(stack.invoke, Body=b"x")[1]


def test_an_environment_that_could_run_code_fails_the_endpoint(stack: Stack) -> None:
    warnings = "error::antigravity.x"  # with which Python opens the program in BROWSER
    stack.create_model(
        image=SCRIPTED, Environment={"PYTHONWARNINGS": warnings, "BROWSER": "touch /tmp/x"}
    )
    config = stack.create_config()

    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("Failed")

    assert "sets BROWSER, PYTHONWARNINGS, which can run code" in stack.describe()["FailureReason"]


def test_an_artifact_that_vanished_fails_the_endpoint(stack: Stack) -> None:
    stack.create_model()
    config = stack.create_config()
    stack.s3.delete_object(Bucket=stack.bucket, Key="models/model.tar.gz")

    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("Failed")

    assert stack.describe()["FailureReason"].startswith("Failed to download model data")


def test_an_injected_creation_failure_happens_once(stack: Stack) -> None:
    stack.create_model(image=SCRIPTED)
    config = stack.create_config()
    stack.faults(fail_next_creation="Insufficient capacity.")

    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("Failed")
    reason = stack.describe()["FailureReason"]
    stack.sagemaker.delete_endpoint(EndpointName=stack.name)
    eventually(lambda: stack.status() == "gone", "the endpoint is gone")
    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)
    stack.await_status("InService")

    assert reason == "Insufficient capacity."


def test_a_model_without_its_artifact_is_refused(stack: Stack) -> None:
    url = f"s3://{stack.bucket}/models/none.tar.gz"

    code, message = refusal(stack.create_model, ModelDataUrl=url)

    assert (code, message) == ("ValidationException", f"Could not find model data at {url}.")


def test_a_role_that_does_not_trust_sagemaker_is_refused(stack: Stack) -> None:
    stack.iam.update_assume_role_policy(
        RoleName=f"execution-{stack.suffix}",
        PolicyDocument=json.dumps(TRUST).replace("sagemaker.", "lambda."),
    )

    code, message = refusal(stack.create_model)

    assert code == "ValidationException"
    assert message.startswith(f"Could not assume role {stack.role_arn}.")


def test_a_missing_topic_fails_create_endpoint_in_the_words_of_aws(stack: Stack) -> None:
    stack.create_model(image=SCRIPTED)
    config = stack.create_config()
    stack.sns.delete_topic(TopicArn=stack.error_topic)

    code, message = refusal(
        stack.sagemaker.create_endpoint, EndpointName=stack.name, EndpointConfigName=config
    )

    assert code == "ValidationException"
    assert message == (
        f"The provided role {stack.role_arn} is invalid. Please ensure the role exists, that its "
        'trust relationship policy allows the action "sts:AssumeRole" for the service principal '
        '"sagemaker.amazonaws.com", and has "sns:Publish" permissions for topic '
        f'"{stack.error_topic}"'
    )
    assert stack.status() == "gone"


def test_names_are_unique_whatever_their_case(stack: Stack) -> None:
    stack.create_model(f"Model-{stack.suffix}")

    code, message = refusal(stack.create_model, name=f"mODEL-{stack.suffix}")

    assert code == "ValidationException"
    assert message.startswith("Cannot create already existing model")


def test_an_endpoint_in_transition_takes_no_second_change(stack: Stack) -> None:
    stack.create_model(image=SCRIPTED)
    config = stack.create_config()
    stack.sagemaker.create_endpoint(EndpointName=stack.name, EndpointConfigName=config)

    answers = [
        refusal(
            stack.sagemaker.update_endpoint, EndpointName=stack.name, EndpointConfigName=config
        ),
        refusal(stack.sagemaker.delete_endpoint, EndpointName=stack.name),
    ]

    assert all("in-progress endpoint" in message for _, message in answers)


def test_more_instances_than_the_quota_exceed_a_resource_limit(stack: Stack) -> None:
    stack.create_model(image=SCRIPTED)
    config = stack.create_config(count=21)

    code, message = refusal(
        stack.sagemaker.create_endpoint, EndpointName=stack.name, EndpointConfigName=config
    )

    assert code == "ResourceLimitExceeded"
    assert "a request delta of 21 Instances" in message


def test_tags_and_lists(stack: Stack) -> None:
    name = stack.create_model()
    arn = stack.sagemaker.describe_model(ModelName=name)["ModelArn"]

    stack.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}])
    tags = stack.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    stack.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["team"])
    models = stack.sagemaker.list_models(NameContains=stack.suffix.upper())["Models"]

    assert tags == [{"Key": "team", "Value": "blue"}]
    assert stack.sagemaker.list_tags(ResourceArn=arn)["Tags"] == []
    assert [model["ModelName"] for model in models] == [name]
