"""What EndpointSpecification may add, and what it must not."""

import json
from typing import Any

import pytest
from relay.aws.dynamodb.json_codec import from_json, to_json
from relay.errors import ConfigurationError
from relay.provision.specification import api_requests
from relay.provision.specification.read import read_specification
from relay.provision.specification.specification import Specification

from tests.support.provisioning.properties import REGION, properties
from tests.support.provisioning.requests import STACK
from tests.support.sagemaker.api import flaws

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/churn:7"
SOURCE = {
    "S3DataSource": {
        "S3Uri": "s3://models/llm/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
        "ModelAccessConfig": {"AcceptEula": True},
    }
}
VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
PIPELINE = {"Model": {"Containers": [{"Image": IMAGE}, {"Image": IMAGE}]}}
SEVERAL = {"Framework": "", "FrameworkVersion": "", "ModelDataUrl": ""}


def adding(document: object, **changes: object) -> Specification:
    given = properties(EndpointSpecification=json.dumps(document), **changes)
    return read_specification(given, REGION, flaws)


def problems(document: object, **changes: object) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        adding(document, **changes)
    return str(refusal.value)


def model_of(document: object, **changes: object) -> Any:
    return api_requests.create_model(adding(document, **changes))


def config_of(document: object, **changes: object) -> Any:
    return api_requests.create_endpoint_config(adding(document, **changes))


def test_nothing_is_added_by_default() -> None:
    assert adding({}).additions.empty
    assert model_of({}).keys() == {"ModelName", "ExecutionRoleArn", "PrimaryContainer"}


def test_the_model_gets_what_has_no_parameter() -> None:
    request = model_of({"Model": {"VpcConfig": VPC, "EnableNetworkIsolation": True}})

    assert request["VpcConfig"] == VPC
    assert request["EnableNetworkIsolation"] is True
    assert request["PrimaryContainer"]["ModelDataUrl"] == "s3://models/churn/model.tar.gz"


def test_an_uncompressed_artifact_takes_the_place_of_the_parameter() -> None:
    document = {"Model": {"PrimaryContainer": {"ModelDataSource": SOURCE}}}

    container = model_of(document, ModelDataUrl="")["PrimaryContainer"]

    assert container["ModelDataSource"] == SOURCE
    assert "ModelDataUrl" not in container
    assert "683313688378" in container["Image"]


def test_the_variant_keeps_what_the_parameters_say() -> None:
    added = {"VolumeSizeInGB": 100, "ContainerStartupHealthCheckTimeoutInSeconds": 1800}

    request = config_of({"EndpointConfig": {"ProductionVariants": [added]}}, InstanceCount="2")

    (variant,) = request["ProductionVariants"]
    assert variant.items() >= added.items()
    assert (variant["VariantName"], variant["InitialInstanceCount"]) == ("AllTraffic", 2)


def test_containers_in_a_row_replace_the_one_of_the_parameters() -> None:
    document = {"Model": {**PIPELINE["Model"], "InferenceExecutionConfig": {"Mode": "Serial"}}}

    request = model_of(document, **SEVERAL)

    assert request["Containers"] == [{"Image": IMAGE}, {"Image": IMAGE}]
    assert "PrimaryContainer" not in request
    assert adding(document, **SEVERAL).generation.image == IMAGE


def test_tags_go_to_everything_that_is_made() -> None:
    specification = adding({"Tags": [{"Key": "team", "Value": "fraud"}]})

    made = (
        api_requests.create_model(specification),
        api_requests.create_endpoint_config(specification),
        api_requests.create_endpoint(specification),
    )

    assert [request["Tags"] for request in made] == [[{"Key": "team", "Value": "fraud"}]] * 3


def test_the_tag_of_the_stack_goes_with_the_others_and_changes_no_name() -> None:
    team = {"Key": "team", "Value": "fraud"}
    specification = adding({"Tags": [team]}, StackId=STACK)

    made = (
        api_requests.create_model(specification),
        api_requests.create_endpoint_config(specification),
        api_requests.create_endpoint(specification),
    )

    own = {"Key": "async-inference-relay:stack", "Value": STACK}
    assert [request["Tags"] for request in made] == [[team, own]] * 3
    assert specification.generation == adding({"Tags": [team]}).generation


def test_the_tag_of_the_stack_counts_like_the_others() -> None:
    tags = [{"Key": f"key-{n}", "Value": ""} for n in range(50)]

    assert adding({"Tags": tags}).tags == tags
    assert "EndpointSpecification.Tags must" in problems({"Tags": tags}, StackId=STACK)


def test_the_key_of_the_volumes_has_a_parameter() -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1"

    assert config_of({}, VolumeKmsKeyId=key)["KmsKeyId"] == key


def test_both_topics_may_be_one() -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:sagemaker-news"

    output = config_of({}, SuccessTopicArn=topic, ErrorTopicArn=topic)["AsyncInferenceConfig"]

    assert output["OutputConfig"]["NotificationConfig"]["ErrorTopic"] == topic


def test_a_concurrency_of_zero_leaves_it_to_sagemaker() -> None:
    request = config_of({}, MaxConcurrentInvocationsPerInstance="0")

    assert request["AsyncInferenceConfig"]["ClientConfig"] == {}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"Model": {"ModelName": "m"}}, "Model.ModelName: the relay sets this name"),
        ({"Model": {"PrimaryContainer": {"Image": "i"}}}, "use the parameter ImageUri"),
        ({"Model": {"PrimaryContainer": {"ModelPackageName": "p"}}}, "DescribeModelPackage"),
        ({"Model": {"PrimaryContainer": {"Mode": "MultiModel"}}}, "cannot name a model"),
        ({"Model": {"InferenceExecutionConfig": {"Mode": "Direct"}}}, "cannot name a container"),
        ({"EndpointConfig": {"KmsKeyId": "k"}}, "use the parameter VolumeKmsKeyId"),
        ({"EndpointConfig": {"ShadowProductionVariants": []}}, "shadow tests exclude"),
        (
            {"EndpointConfig": {"ProductionVariants": [{"InstanceType": "ml.m5.large"}]}},
            "EndpointSpecification.EndpointConfig.ProductionVariants[0].InstanceType: use the",
        ),
        (
            {"EndpointConfig": {"ProductionVariants": [{"ServerlessConfig": {}}]}},
            "serverless endpoints do not support asynchronous inference",
        ),
        (
            {
                "EndpointConfig": {
                    "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}
                }
            },
            "AsyncInferenceConfig.OutputConfig.S3OutputPath: the relay sets this member",
        ),
        ({"Endpoint": {}}, "Endpoint is not known; the members are Model, EndpointConfig, Tags"),
        ({"Model": []}, "Model must be a JSON object"),
        ({"Tags": {}}, "Tags must be a list"),
        (
            {"Tags": [{"Key": "Async-Inference-Relay:stack", "Value": ""}]},
            "Tags[0].Key: the relay sets this tag",
        ),
        ({"Model": {"PrimaryContainer": []}}, "PrimaryContainer must be a JSON object"),
        ({"Model": {"Containers": []}}, "Containers must be a list of JSON objects"),
        ({"EndpointConfig": {"ProductionVariants": [{}, {}]}}, "has one variant"),
    ],
)
def test_what_cannot_be_added_is_refused_with_what_to_do(
    document: dict[str, object], problem: str
) -> None:
    assert problem in problems(document)


@pytest.mark.parametrize("text", ["[]", "{", '{"Model": NaN}', "[" * 3000, '{"a":' * 50 + "1"])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="EndpointSpecification"):
        read_specification(properties(EndpointSpecification=text), REGION, flaws)


def test_parameters_for_one_container_do_not_go_with_several() -> None:
    found = problems(PIPELINE, ModelEnvironment='{"A": "1"}')

    assert "ModelDataUrl is for a model with one container" in found
    assert "ModelEnvironment is for a model with one container" in found


def test_every_problem_has_the_name_by_which_the_value_was_given() -> None:
    document = {
        "Model": {"VpcConfig": {"SecurityGroupIds": ["sg-1"]}},
        "EndpointConfig": {"ProductionVariants": [{"VolumeSizeInGB": 513}], "Colour": "red"},
        "Tags": [{"Key": "aws:team", "Value": "fraud"}],
    }

    found = problems(document, InstanceType="ml.m5.lage", ModelEnvironment='{"A": 1}')

    for problem in (
        "EndpointSpecification.Model.VpcConfig.Subnets is missing",
        "EndpointSpecification.EndpointConfig.ProductionVariants[0].VolumeSizeInGB must be from",
        "EndpointSpecification.EndpointConfig.Colour is not known",
        "EndpointSpecification.Tags[0].Key begins with aws:",
        "InstanceType must be one of the",
        "ModelEnvironment.A must be a string",
    ):
        assert problem in found


def test_no_problem_is_reported_twice() -> None:
    found = problems({"Tags": [{"Key": "k", "Value": 7}]}, InstanceType="m5", EndpointName="")

    assert found.count("InstanceType") == 1
    assert found.count("EndpointName") == 1
    assert found.count("Tags[0].Value") == 1


@pytest.mark.parametrize(
    ("changed", "model_stays"),
    [
        ({"Model": {"EnableNetworkIsolation": True}}, False),
        ({"Tags": [{"Key": "team", "Value": "fraud"}]}, False),
        ({"EndpointConfig": {"ProductionVariants": [{"VolumeSizeInGB": 9}]}}, True),
    ],
)
def test_what_is_added_changes_the_names(changed: dict[str, object], model_stays: bool) -> None:
    before, after = adding({}).generation, adding(changed).generation

    assert (before.model == after.model) is model_stays
    assert before.config != after.config


def test_additions_survive_being_stored() -> None:
    specification = adding({"Model": {"VpcConfig": VPC}, "Tags": [{"Key": "a", "Value": "b"}]})

    assert from_json(Specification, to_json(specification)) == specification


def test_what_an_earlier_version_stored_is_read_and_keeps_its_names() -> None:
    stored = json.dumps(
        {
            "endpoint_name": "relay",
            "execution_role_arn": "arn:aws:iam::000000000000:role/r",
            "image": "an-image",
            "model_data_url": "s3://models/m.tar.gz",
            "model_environment": {},
            "instance_type": "ml.m5.large",
            "instance_count": 1,
            "max_concurrent_invocations": 4,
            "output_path": "s3://d/outputs",
            "failure_path": "s3://d/failures",
            "success_topic_arn": "arn:aws:sns:us-east-1:000000000000:s",
            "error_topic_arn": "arn:aws:sns:us-east-1:000000000000:e",
            "include_response_in": [],
            "output_kms_key_id": None,
        }
    )

    generation = from_json(Specification, stored).generation

    # As the version without additions named them: the first twelve digits of a SHA-256 over these
    # members in this order.
    assert generation.model == "relay-fd44b1d78048"
    assert generation.config == "relay-763011215399"
