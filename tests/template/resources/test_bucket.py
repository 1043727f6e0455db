"""The name of the data bucket, and the resources that spell it."""

import re
from typing import Any

import boto3
import pytest

from tests.template.template import deployed, resolve, source, world

PATTERN = re.compile(source()["Parameters"]["DataBucketName"]["AllowedPattern"])
LONGEST_STACK_NAME = 30
GENERATED = "${AWS::StackName}-data-${AWS::AccountId}-${AWS::Region}"


def names(**parameters: str) -> dict[str, Any]:
    """The bucket's name or ARN wherever it has to be spelled out, by resource."""
    found = deployed(RollOutUploads="true", **parameters)
    (sender,) = (
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        for statement in found["SubmitQueuePolicy"].properties["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "s3.amazonaws.com"}
    )
    return {
        "SubmitQueuePolicy": sender,
        "DataBucket": found["DataBucket"].properties["BucketName"],
        "ArtifactPermission": found["ArtifactPermission"].properties["SourceArn"],
    }


def test_everything_names_the_bucket_as_the_stack_makes_it() -> None:
    spelled = {name: value["Fn::Sub"].split(":::")[-1] for name, value in names().items()}

    assert set(spelled.values()) == {GENERATED}


def test_everything_names_the_bucket_as_it_is_asked_for() -> None:
    spelled = names(DataBucketName="my-data")

    assert spelled.pop("DataBucket") == {"Ref": "DataBucketName"}
    assert {value["Fn::Sub"] for value in spelled.values()} == {
        "arn:${AWS::Partition}:s3:::${DataBucketName}"
    }


def test_nothing_else_spells_the_name() -> None:
    """Everything that need not exist before the bucket asks for the bucket itself."""
    found = deployed(RollOutUploads="true")
    text = str({name: each.properties for name, each in found.items()})

    assert text.count("-data-${AWS::AccountId}") == len(names())


def test_the_generated_name_fits_in_every_region_for_the_longest_stack_name() -> None:
    """S3 takes 63 characters.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    session = boto3.Session()
    regions = [
        region
        for partition in ("aws", "aws-cn", "aws-us-gov")
        for region in session.get_available_regions("sagemaker", partition)
    ]
    rest = resolve({"Fn::Sub": GENERATED}).removeprefix("relay").removesuffix("us-east-1")

    longest = max(len(rest) + len(region) for region in regions)

    assert longest + LONGEST_STACK_NAME == 63
    assert str(LONGEST_STACK_NAME) in source()["Parameters"]["DataBucketName"]["Description"]


@pytest.mark.parametrize("name", ["", "abc", "relay-data-2", "0" * 63])
def test_a_name_that_s3_takes_is_taken(name: str) -> None:
    assert PATTERN.fullmatch(name)


@pytest.mark.parametrize("name", ["ab", "0" * 64, "My-Data", "-data", "data-", "a_b", "a.b"])
def test_a_name_that_s3_refuses_or_that_breaks_tls_is_refused(name: str) -> None:
    assert not PATTERN.fullmatch(name)


EXPIRING = {"inputs": "Input", "outputs": "Output", "failures": "Failure"}


def expiries(**parameters: str) -> dict[str, tuple[int, int]]:
    """The days of the current and of the other versions, by folder."""
    rules = world(**parameters).named("DataBucket").get("LifecycleConfiguration", "Rules")
    return {
        rule["Prefix"]: (
            int(rule["ExpirationInDays"]),
            int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"]),
        )
        for rule in rules
        if rule["Status"] == "Enabled" and "ExpirationInDays" in rule
    }


def test_the_bucket_keeps_every_object_by_default() -> None:
    assert expiries() == {}


@pytest.mark.parametrize(("folder", "kind"), EXPIRING.items())
def test_a_folder_expires_alone(folder: str, kind: str) -> None:
    assert expiries(**{f"{kind}ExpirationDays": "30"}) == {f"{folder}/": (30, 30)}


def test_the_folders_that_parameters_name_expire_and_no_folder_of_another_buckets_prefix() -> None:
    days = {f"{kind}ExpirationDays": "30" for kind in EXPIRING.values()}
    own = {"InputPrefixes": "in/", "OutputPrefix": "out/", "FailurePrefix": "failed/"}

    assert set(expiries(**days, **own)) == {"in/", "out/", "failed/"}
    assert set(expiries(**days, **own, InputBucketName="lake")) == {"out/", "failed/"}
    assert set(expiries(**days, **own, OutputBucketName="pond")) == {"in/"}


def accepts(parameter: str, days: int) -> bool:
    return bool(re.match(source()["Parameters"][parameter]["AllowedPattern"], str(days)))


def test_an_input_outlives_the_attempts_of_its_request() -> None:
    # Hours of each of 10 attempts: TTL, timeout, slack and delay at their maxima.
    longest = 10 * (6 + 1 + 24 + 0.25) / 24

    accepted = [days for days in range(1, 10_000) if accepts("InputExpirationDays", days)]

    assert (accepted[0], accepted[-1], len(accepted)) == (14, 9999, 9986)
    assert accepted[0] > longest
    assert accepts("InputExpirationDays", 0)


@pytest.mark.parametrize("parameter", ["OutputExpirationDays", "FailureExpirationDays"])
def test_an_output_outlives_the_time_in_which_the_relay_looks_for_it(parameter: str) -> None:
    longest = (6 + 1 + 24) / 24

    accepted = [days for days in range(1, 10_000) if accepts(parameter, days)]

    assert (accepted[0], accepted[-1], len(accepted)) == (2, 9999, 9998)
    assert accepted[0] > longest
    assert accepts(parameter, 0)
