"""How the layer is built: what is left out of it, and the byte code in it."""

import gzip
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore
import build_layer
import pytest
from relay.aws.clients import Clients

from local.stack.settings import REPOSITORY

RELAY = REPOSITORY / "layers" / "relay" / "relay"

# Flags of PEP 552: hash-based, and not checked against the source.
UNCHECKED_HASH = 0b01


def document(file: Path) -> Any:
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """botocore's own data of three services, one of them needless, made lighter."""
    source = Path(botocore.__file__).parent / "data"
    copy = tmp_path_factory.mktemp("layer") / "data"
    for name in ("sqs", "events", "workspaces"):
        shutil.copytree(source / name, copy / name)
    shutil.copy(source / "endpoints.json", copy)
    build_layer.lighten(copy)
    return copy


def test_every_service_that_a_client_is_made_for_is_kept() -> None:
    clients = Clients("us-east-1")
    properties = [name for name, each in vars(Clients).items() if isinstance(each, cached_property)]
    made = {getattr(clients, name).meta.service_model.service_name for name in properties}

    assert {"sqs", "dynamodb", "sagemaker-runtime"} <= made == set(build_layer.SERVICES)


def test_services_without_a_client_and_examples_are_left_out(data: Path) -> None:
    assert {path.name for path in data.iterdir()} == {"sqs", "events", "endpoints.json"}
    assert not list(data.rglob("examples-*"))


def test_models_are_unpacked_and_say_the_same_without_their_documentation(data: Path) -> None:
    (light,) = data.glob("sqs/*/service-2.json")
    packed = Path(botocore.__file__).parent / "data" / light.relative_to(data)
    whole = json.loads(gzip.decompress(packed.with_suffix(".json.gz").read_bytes()))

    assert not list(data.rglob("*.gz"))
    assert document(light) == undocumented(whole)
    assert "documentation" not in light.read_text()


def undocumented(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Every operation, shape and member of SQS, none of which is called `documentation`."""
    light: dict[str, Any] = json.loads(
        json.dumps(whole),
        object_hook=lambda each: {k: each[k] for k in each if k[:8] != "document"},
    )
    return light


def test_what_aws_itself_calls_documentation_stays() -> None:
    member = {"shape": "String", "documentation": "what it is for"}
    model = {"shapes": {"documentation": {"members": {"documentation": member}}}}

    light = build_layer.without_documentation(model)

    assert light == {
        "shapes": {"documentation": {"members": {"documentation": {"shape": "String"}}}}
    }


def test_regions_stay_known_and_endpoints_of_kept_services_with_them(data: Path) -> None:
    whole = document(Path(botocore.__file__).parent / "data" / "endpoints.json")
    light = document(data / "endpoints.json")

    assert [each["regions"] for each in light["partitions"]] == [
        each["regions"] for each in whole["partitions"]
    ]
    assert light["partitions"][0]["services"] == {
        name: whole["partitions"][0]["services"][name] for name in ("events", "sqs")
    }


def test_byte_code_is_what_the_source_says_and_is_not_checked_again(tmp_path: Path) -> None:
    shutil.copytree(RELAY, tmp_path / "relay", ignore=shutil.ignore_patterns("__pycache__"))

    version = build_layer.compile_all(tmp_path, sys.executable)

    assert version == f"{sys.version_info[0]}.{sys.version_info[1]}"
    sources = list(tmp_path.rglob("*.py"))
    assert sources
    for source in sources:
        made = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        assert made[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(made[4:8], "little") == UNCHECKED_HASH
        assert made[8:16] == importlib.util.source_hash(source.read_bytes())


def test_byte_code_is_the_same_wherever_it_is_made(tmp_path: Path) -> None:
    made = []
    for place in (tmp_path / "here", tmp_path / "further" / "away"):
        shutil.copytree(RELAY, place, ignore=shutil.ignore_patterns("__pycache__"))
        build_layer.compile_all(place, sys.executable)
        made.append({path.relative_to(place): path.read_bytes() for path in place.rglob("*.pyc")})

    assert made[0] == made[1]


def test_source_that_does_not_compile_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def")

    with pytest.raises(subprocess.CalledProcessError):
        build_layer.compile_all(tmp_path, sys.executable)


def test_a_python_that_has_no_pip_leaves_the_installing_to_the_next() -> None:
    assert build_layer.with_pip(["false", sys.executable]) == sys.executable

    with pytest.raises(SystemExit, match="none of false has it"):
        build_layer.with_pip(["false"])


def test_the_documentation_that_botocore_itself_reads_is_kept() -> None:
    """Of S3's client parameters: its first call fails without it."""
    parameters = {"Accelerate": {"documentation": "Enables S3", "type": "boolean"}}

    light = build_layer.without_documentation({"clientContextParams": parameters})

    assert light == {"clientContextParams": parameters}
