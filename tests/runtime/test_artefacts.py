"""What `sam build` made: complete, pure Python, compiled, and nothing else."""

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from build_layer import SERVICES

from local.functions.deployed import NAMES, built, deployed_function, logical_id
from local.functions.lambda_environment import python, variables
from local.stack.clients import Clients
from local.stack.settings import REPOSITORY
from tests.support.stack import RunningStack

# A call of each client that the relay makes, with what botocore itself demands.
CALLS = {
    "application-autoscaling": ("describe_scalable_targets", {"ServiceNamespace": "sagemaker"}),
    "cloudwatch": ("delete_alarms", {"AlarmNames": ["wake"]}),
    "dynamodb": ("get_item", {"TableName": "ledger", "Key": {"id": {"S": "a"}}}),
    "events": ("put_events", {"Entries": [{"Source": "relay", "Detail": "{}"}]}),
    "s3": ("list_objects_v2", {"Bucket": "data", "Prefix": "outputs/"}),
    "sagemaker": ("describe_endpoint", {"EndpointName": "relay"}),
    "sagemaker-runtime": (
        "invoke_endpoint_async",
        {"EndpointName": "relay", "InputLocation": "s3://data/inputs/a"},
    ),
    "sns": ("publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "{}"}),
    "sqs": ("send_message", {"QueueUrl": "http://127.0.0.1:9/q", "MessageBody": "{}"}),
    "ssm": ("get_parameter", {"Name": "routes"}),
}

_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.MULTILINE | re.IGNORECASE)


@pytest.fixture(scope="session")
def layer(stack: RunningStack) -> Path:
    return built("RelayLayer", stack.settings) / "python"


def files(directory: Path) -> Iterator[Path]:
    found = directory.rglob("*")
    return (each.relative_to(directory) for each in found if each.is_file())


def sources(directory: Path) -> set[Path]:
    return {path for path in files(directory) if "__pycache__" not in path.parts}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_its_own_files_and_nothing_else(name: str, stack: RunningStack) -> None:
    assert sources(built(logical_id(name), stack.settings)) == sources(
        REPOSITORY / "functions" / name
    )


def test_the_layer_holds_the_relay_package_as_it_is_in_the_repository(layer: Path) -> None:
    package = REPOSITORY / "layers" / "relay" / "relay"

    assert sources(layer / "relay") == sources(package)
    for path in sources(package):
        assert (layer / "relay" / path).read_bytes() == (package / path).read_bytes()


def test_the_layer_holds_what_is_pinned_for_it_and_no_other_distribution(layer: Path) -> None:
    pinned = _PINNED.findall((REPOSITORY / "layers/relay/requirements.txt").read_text())

    found = [path.name.split("-")[0] for path in layer.glob("*.dist-info")]

    assert sorted(map(_normal, found)) == sorted(map(_normal, pinned))


def test_the_layer_is_pure_python_so_that_one_build_runs_on_both_processors(layer: Path) -> None:
    assert not [path for path in files(layer) if path.suffix in (".so", ".pyd", ".dylib")]


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_imports_in_a_clean_interpreter_from_function_and_layer_alone(
    name: str, stack: RunningStack, layer: Path, tmp_path: Path
) -> None:
    function = deployed_function(name, stack.settings, Clients(stack.settings))
    program = (
        "import sys, app; assert callable(app.handler); "
        "print(*{getattr(m, '__file__', None) or '' for m in sys.modules.values()}, sep='\\n')"
    )

    done = subprocess.run(
        [python(), "-S", "-s", "-P", "-c", program],
        env=variables(function, tmp_path),
        cwd=function.code,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    loaded = [Path(line) for line in done.stdout.splitlines() if "site-packages" in line]
    assert not loaded
    assert str(layer / "boto3") in done.stdout


def test_every_client_that_the_relay_makes_can_be_made_from_the_layer(layer: Path) -> None:
    program = (
        "import sys, boto3; session = boto3.Session(region_name='us-east-1'); "
        "made = [session.client(name) for name in sys.argv[1:]]; "
        "print(*(client.meta.endpoint_url for client in made), sep='\\n')"
    )

    urls = run_with(layer, "-c", program, *SERVICES).splitlines()

    assert len(urls) == len(SERVICES)
    assert "https://runtime.sagemaker.us-east-1.amazonaws.com" in urls
    assert all(re.fullmatch(r"https://[a-z0-9.-]+\.amazonaws\.com", url) for url in urls)


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_from_the_layer_can_call(service: str, layer: Path) -> None:
    """As far as a closed port: what a call reads of botocore's data is there."""
    call, parameters = CALLS[service]
    program = (
        "import json, sys, boto3, botocore.exceptions as exceptions\n"
        "from botocore.config import Config\n"
        "client = boto3.client(sys.argv[1], endpoint_url='http://127.0.0.1:9',"
        " aws_access_key_id='test', aws_secret_access_key='test',"
        " config=Config(retries={'total_max_attempts': 1}))\n"
        "try: getattr(client, sys.argv[2])(**json.loads(sys.argv[3]))\n"
        "except exceptions.EndpointConnectionError: print('called')"
    )

    said = run_with(layer, "-c", program, service, call, json.dumps(parameters))

    assert said == "called\n"


def test_the_layer_holds_byte_code_of_all_its_source_as_it_is(layer: Path) -> None:
    for source in sources(layer):
        if source.suffix == ".py":
            path = layer / source
            made = Path(importlib.util.cache_from_source(str(path))).read_bytes()
            assert made[:4] == importlib.util.MAGIC_NUMBER, source
            assert made[8:16] == importlib.util.source_hash(path.read_bytes()), source


def test_a_cold_start_compiles_nothing_of_the_layer(layer: Path, tmp_path: Path) -> None:
    """An interpreter that could write byte code loads what is there and finds none to write."""
    copy = tmp_path / "layer"
    shutil.copytree(layer, copy)
    before = set(files(copy))

    loaded = run_with(
        copy, "-v", "-c", "import relay.bootstrap, relay.telemetry, relay.route.route"
    )

    assert set(files(copy)) == before
    assert f"code object from '{copy / 'relay'}" in loaded
    assert not re.findall(r"code object from \S+\.py$", loaded, re.MULTILINE)


def run_with(layer: Path, *arguments: str) -> str:
    """What a clean interpreter with the layer on its path says, on both of its outputs."""
    done = subprocess.run(
        [python(), "-S", "-s", "-P", *arguments],
        env={"PYTHONPATH": str(layer), "AWS_DEFAULT_REGION": "us-east-1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
