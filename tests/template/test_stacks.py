"""Several stacks in one account: the endpoint's name, and the configurations of the SAM CLI."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.cli.types import CfnParameterOverridesType

from local.stack.settings import REPOSITORY
from tests.support.provisioning.properties import specification
from tests.template.template import source, transformed, world

CONFIGURATIONS = ("dev", "prod")
# Resource types that CloudFormation gives no tags. AWS charges for none of them by itself.
UNTAGGED = {
    *("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::Lambda::EventInvokeConfig"),
    *("AWS::Lambda::LayerVersion", "AWS::Lambda::Permission", "AWS::S3::BucketPolicy"),
    *("AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"),
}
_STACK, _OTHER = "relay", "another-name"  # `world` resolves a stack of the first name


def resolved(**parameters: str) -> Any:
    return world(**parameters).resolve(transformed()["Resources"])


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for each in value:
            yield from texts(each)
    else:
        yield str(value)


def test_an_endpoint_without_a_name_of_its_own_is_the_stacks_everywhere() -> None:
    assert resolved() == resolved(EndpointName=_STACK)


def test_an_endpoint_with_a_name_of_its_own_has_it_everywhere() -> None:
    about_endpoints = re.compile(
        rf"^arn:aws:sagemaker:[^:]+:\d+:[a-z-]+/{_STACK}\b|/aws/sagemaker/Endpoints/{_STACK}\b"
    )
    assert any(about_endpoints.search(text) for text in texts(resolved()))

    found = resolved(EndpointName=_OTHER)

    assert not [text for text in texts(found) if about_endpoints.search(text)]
    names = {
        dimension["Value"]
        for each in found.values()
        for dimension in each.get("Properties", {}).get("Dimensions", [])
        if dimension["Name"] == "EndpointName"
    }
    pattern = found["ProvisionFunctionStateChange"]["Properties"]["EventPattern"]
    variables = {
        each["Properties"]["Environment"]["Variables"].get("ENDPOINT_NAME", _OTHER)
        for each in found.values()
        if each["Type"] == "AWS::Lambda::Function"
    }
    custom = found["Endpoint"]["Properties"]["EndpointName"]
    assert names | variables | {custom, *pattern["detail"]["EndpointName"]} == {_OTHER}


def configuration(name: str) -> dict[str, Any]:
    found = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())
    return {command: section["parameters"] for command, section in found[name].items()}


@pytest.fixture
def given(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The parameters of a configuration as the SAM CLI reads them, started in the repository."""
    monkeypatch.chdir(REPOSITORY)
    written = configuration(request.param)["global"]["parameter_overrides"]
    read: Mapping[str, str] = CfnParameterOverridesType().convert(written, None, None)
    return read


@pytest.mark.parametrize("given", CONFIGURATIONS, indirect=True)
def test_the_template_accepts_every_parameter_of_a_configuration(given: Mapping[str, str]) -> None:
    for name, value in given.items():
        declared = source()["Parameters"][name]
        assert re.search(declared.get("AllowedPattern", ""), value)
        assert value in map(str, declared.get("AllowedValues", [value]))
        assert declared["Type"] != "Number" or value.isdigit()


def test_the_configurations_differ_in_their_stacks_and_share_the_acknowledgements() -> None:
    dev, prod = map(configuration, CONFIGURATIONS)

    assert dev["global"]["stack_name"] != prod["global"]["stack_name"]
    capabilities = configuration("default")["deploy"]["capabilities"]
    assert {each["deploy"]["capabilities"] for each in (dev, prod)} == {capabilities}


def is_tagged(resource_type: str) -> bool:
    """Whether CloudFormation passes the stack's tags on to it, as its registry says.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
    """
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    return bool(schema.get("tagging", {}).get("taggable", "Tags" in schema["properties"]))


def test_cloudformation_tags_everything_that_costs_something() -> None:
    types = {each["Type"] for each in transformed()["Resources"].values()}

    untagged = {each for each in types if each.startswith("AWS::") and not is_tagged(each)}

    assert untagged == UNTAGGED


@pytest.mark.parametrize(
    ("given", "name"), [(name, name) for name in CONFIGURATIONS], indirect=["given"]
)
def test_a_configuration_tags_the_endpoint_as_the_stack(
    given: Mapping[str, str], name: str
) -> None:
    (tag,) = json.loads(given["EndpointSpecification"])["Tags"]

    assert configuration(name)["deploy"]["tags"] == f"{tag['Key']}={tag['Value']}"


def test_the_example_of_a_schedule_is_one(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs/explanation/scaling.md").read_text()
    (example,) = re.findall(r"```yaml\n(MaxInstanceCount.*?)```", page, re.DOTALL)
    file = tmp_path / "example.yaml"
    file.write_text(example)

    read = CfnParameterOverridesType().convert(f"file://{file}", None, None)

    scaling = specification(**read).scaling
    assert scaling and [(each.minimum, each.maximum) for each in scaling.schedule] == [
        (0, 0),
        (1, 4),
    ]
