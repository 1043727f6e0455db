"""Settings are read once, and one message has everything that is wrong."""

from collections.abc import Mapping

import pytest
from relay.errors import ConfigurationError
from relay.s3uri import S3Uri
from relay.settings import RouteSettings, SubmitSettings

from tests.support import samples
from tests.support.samples import BUCKET, ROUTE_ENVIRONMENT, SUBMIT_ENVIRONMENT


def complaint(kind: type[SubmitSettings | RouteSettings], environment: Mapping[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        kind.read(environment)
    return str(caught.value)


def test_submit_reads_its_environment() -> None:
    settings = samples.submit_settings(DEFAULT_ACCEPT="application/json")

    assert settings.endpoint == "relay"
    assert settings.inputs.folders == (S3Uri(BUCKET, "inputs/"),)
    assert settings.outputs == S3Uri(BUCKET, "outputs/")
    assert settings.accept == "application/json"
    assert not settings.mirror_input_folders
    assert samples.submit_settings(MIRROR_INPUT_FOLDERS="true").mirror_input_folders
    assert (settings.ttl_seconds, settings.timeout_seconds, settings.slack_seconds) == (
        21_600,
        900,
        600,
    )


def test_an_empty_default_is_none() -> None:
    assert samples.submit_settings(DEFAULT_ACCEPT="").accept is None


def test_route_reads_its_environment() -> None:
    settings = samples.route_settings()

    assert settings.topic_arns == {samples.SUCCESS_TOPIC, samples.ERROR_TOPIC}
    assert (settings.max_attempts, settings.retry_delay_seconds) == (3, 30)


@pytest.mark.parametrize("name", ["SUCCESS_TOPIC_ARN", "ERROR_TOPIC_ARN"])
def test_route_needs_both_topics(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is missing"):
        samples.route_settings(**{name: ""})


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    wrong = {
        **SUBMIT_ENVIRONMENT,
        "ENDPOINT_NAME": "",
        "INPUT_PREFIXES": "inputs/,orders",
        "SUBMIT_QUEUE_URL": "relay-SubmitQueue",
        "MIRROR_INPUT_FOLDERS": "yes",
        "REQUEST_TTL_SECONDS": "30",
        "INVOCATION_TIMEOUT_SECONDS": "soon",
    }
    del wrong["LEDGER_TABLE_NAME"]

    assert complaint(SubmitSettings, wrong) == (
        "the environment is wrong: ENDPOINT_NAME is missing; "
        "INPUT_PREFIXES must be an S3 folder such as s3://bucket/inputs/, "
        f"not 's3://{BUCKET}/orders'; "
        "MIRROR_INPUT_FOLDERS must be true or false, not 'yes'; "
        "LEDGER_TABLE_NAME is missing; "
        "SUBMIT_QUEUE_URL must be the URL of a queue, not 'relay-SubmitQueue'; "
        "REQUEST_TTL_SECONDS must be a whole number from 60 to 21600, not '30'; "
        "INVOCATION_TIMEOUT_SECONDS must be a whole number from 1 to 3600, not 'soon'"
    )


@pytest.mark.parametrize("name", sorted(SUBMIT_ENVIRONMENT.keys() - {"DEFAULT_ACCEPT"}))
def test_whatever_submit_lacks_is_named(name: str) -> None:
    environment = {key: value for key, value in SUBMIT_ENVIRONMENT.items() if key != name}

    assert name in complaint(SubmitSettings, environment)


@pytest.mark.parametrize("name", ROUTE_ENVIRONMENT)
def test_whatever_route_lacks_is_named(name: str) -> None:
    environment = {key: value for key, value in ROUTE_ENVIRONMENT.items() if key != name}

    assert name in complaint(RouteSettings, environment)


@pytest.mark.parametrize("name", ["OUTPUT_PATH", "FAILURE_PATH"])
@pytest.mark.parametrize(
    ("prefixes", "folder"),
    [
        ("data/", "s3://bkt/data/outputs/"),
        ("data/inputs/", "s3://bkt/data/"),
        ("data/", "s3://bkt/data/"),
        ("orders/,data/", "s3://bkt/data/outputs/"),
    ],
)
def test_outputs_and_failures_that_would_be_inferred_again_are_refused(
    name: str, prefixes: str, folder: str
) -> None:
    environment = {**SUBMIT_ENVIRONMENT, "INPUT_BUCKET": "bkt", "INPUT_PREFIXES": prefixes}

    assert complaint(SubmitSettings, {**environment, name: folder}) == (
        f"the environment is wrong: INPUT_PREFIXES and {name} overlap: "
        f"s3://bkt/{prefixes.rpartition(',')[2]} and {folder}"
    )


def test_failures_among_the_outputs_and_inputs_among_inputs_are_refused_too() -> None:
    environment = {**SUBMIT_ENVIRONMENT, "INPUT_BUCKET": "bkt", "INPUT_PREFIXES": "a/,a/b/"}

    assert complaint(
        SubmitSettings,
        {**environment, "OUTPUT_PATH": "s3://bkt/o/", "FAILURE_PATH": "s3://bkt/o/f/"},
    ) == (
        "the environment is wrong: INPUT_PREFIXES and INPUT_PREFIXES overlap: s3://bkt/a/ and "
        "s3://bkt/a/b/; OUTPUT_PATH and FAILURE_PATH overlap: s3://bkt/o/ and s3://bkt/o/f/"
    )


def test_prefixes_that_only_begin_alike_are_no_overlap() -> None:
    settings = samples.submit_settings(
        INPUT_BUCKET="bkt", INPUT_PREFIXES="data/,data-2/", OUTPUT_PATH="s3://bkt/data-out/"
    )

    assert settings.inputs.folders == (S3Uri("bkt", "data/"), S3Uri("bkt", "data-2/"))


def test_the_same_prefix_in_another_bucket_is_no_overlap() -> None:
    settings = samples.submit_settings(INPUT_BUCKET="bkt", OUTPUT_PATH="s3://out/inputs/")

    assert settings.outputs == S3Uri("out", "inputs/")


def test_defaults_that_cannot_work_are_refused_with_their_path() -> None:
    document = '{"inputs/fraud/": {"ttl_seconds": 5}, "others/": {}}'

    assert complaint(SubmitSettings, {**SUBMIT_ENVIRONMENT, "INPUT_DEFAULTS": document}) == (
        "the environment is wrong: INPUT_DEFAULTS: inputs/fraud/.ttl_seconds is 5; it must be from "
        "60 to 21,600; INPUT_DEFAULTS: others/ is not at or below a prefix of inputs: inputs/"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUCCESS_TOPIC_ARN", "arn:aws:sqs:us-east-1:000000000000:queue"),
        ("ERROR_TOPIC_ARN", "sagemaker-relay-error"),
        ("ENDPOINT_ARN", "relay"),
        ("MAX_ATTEMPTS", "0"),
        ("MAX_ATTEMPTS", "11"),
        ("RETRY_DELAY_SECONDS", "901"),
        ("OUTPUT_PATH", "bucket/outputs/"),
        ("FAILURE_PATH", "s3://bucket/"),
        ("NOTIFICATION_QUEUE_URL", "arn:aws:sqs:us-east-1:000000000000:queue"),
    ],
)
def test_a_value_that_cannot_work_is_refused_and_quoted(name: str, value: str) -> None:
    message = complaint(RouteSettings, {**ROUTE_ENVIRONMENT, name: value})

    assert message.count(name) == 1
    assert repr(value) in message
