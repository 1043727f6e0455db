import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.images import FRAMEWORKS, Source, compact, merged, spelled

ACCOUNTS = {"us-east-1": "111111111111", "eu-west-1": "222222222222"}
METADATA = "Metadata-Version: 2.4\nName: sagemaker-core\nVersion: 2.99.0\n\nA description.\n"


def entry(**members: object) -> dict[str, object]:
    return {"registries": ACCOUNTS, "repository": "an-image", **members}


NOTHING: dict[str, Any] = {"inference": {"versions": {}}}
PUBLISHED: dict[str, dict[str, Any]] = {
    "xgboost": {
        "inference": {
            "version_aliases": {"latest": "1"},
            "versions": {
                "1": entry(registries={"us-east-1": "333333333333"}, repository="xgboost"),
                "0.90-1": entry(processors=["cpu"], py_versions=["py3"]),
                "1.5-1": entry(),
            },
        },
        "inference_graviton": {"versions": {"1.5-1": entry()}},
        "training": {"versions": {"0.1": entry()}},
    },
    "sklearn": {"inference": {"versions": {}}},
    "pytorch": {
        "inference": {
            "processors": ["cpu", "gpu"],
            "versions": {
                "1.4.0": entry(py_versions=["py3", "py36"]),
                "9.0": entry(processor_in_tag=False, tag_prefix="9.0-cu1"),
            },
        },
        "inference_graviton": {
            "processors": ["cpu"],
            "versions": {
                "2.0.1": entry(
                    repository="pytorch-inference-graviton",
                    py_versions=["py310"],
                    container_version={"cpu": "ubuntu20.04"},
                )
            },
        },
    },
    "tensorflow": {"inference": {"processors": ["cpu", "gpu"], "versions": {"2.19.0": entry()}}},
    "djl-lmi": {
        "scope": ["inference"],
        "versions": {"0.28.0": entry(tag_prefix="0.28.0-lmi10.0.0-cu124")},
    },
    "sagemaker-tritonserver": {
        "scope": ["inference"],
        "processors": ["cpu", "gpu"],
        "versions": {"24.05": entry(tag_prefix="24.05-py3")},
    },
    "huggingface": {
        "inference": {
            "processors": ["gpu", "cpu"],
            "version_aliases": {"4.26": "4.26.0", "4.37": "4.37.0"},
            "versions": {
                "4.26.0": {
                    "version_aliases": {"pytorch1.13": "pytorch1.13.1"},
                    "pytorch1.13.1": entry(
                        py_versions=["py39"], container_version={"cpu": "u20", "gpu": "cu117-u20"}
                    ),
                    "tensorflow2.11.0": entry(container_version={"cpu": "u20", "gpu": "cu112"}),
                },
                "4.37.0": {"pytorch2.1.0": entry(container_version={"cpu": "u22", "gpu": "cu118"})},
            },
        }
    },
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "sagemaker_core-2.99.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sagemaker_core-2.99.0.dist-info/METADATA", METADATA)
        for framework in FRAMEWORKS:
            archive.writestr(
                f"sagemaker/core/image_uri_config/{framework}.json",
                json.dumps(PUBLISHED.get(framework, NOTHING)),
            )
    return path


@pytest.fixture
def document(wheel: Path) -> dict[str, Any]:
    return compact(Source(wheel))


@pytest.mark.parametrize(
    ("processor", "framework", "version", "tags"),
    [
        ("x86", "xgboost", "0.90-1", {"cpu": "0.90-1-cpu-py3"}),
        ("x86", "xgboost", "1.5-1", {"cpu": "1.5-1", "gpu": "1.5-1"}),
        ("graviton", "xgboost", "1.5-1", {"cpu": "1.5-1-arm64"}),
        ("x86", "pytorch", "1.4.0", {"cpu": "1.4.0-cpu-py36", "gpu": "1.4.0-gpu-py36"}),
        ("x86", "pytorch", "1.4.0-py3", {"cpu": "1.4.0-cpu-py3", "gpu": "1.4.0-gpu-py3"}),
        ("x86", "djl-lmi", "0.28.0", {"gpu": "0.28.0-lmi10.0.0-cu124"}),
        ("x86", "sagemaker-tritonserver", "24.05", {"cpu": "24.05-py3-cpu", "gpu": "24.05-py3"}),
        ("x86", "pytorch", "9.0", {"cpu": "9.0-cu1", "gpu": "9.0-cu1"}),
        ("graviton", "pytorch", "2.0.1", {"cpu": "2.0.1-cpu-py310-ubuntu20.04-sagemaker"}),
        ("x86", "tensorflow", "2.19.0", {"cpu": "2.19.0-cpu", "gpu": "2.19.0-gpu"}),
        (
            "x86",
            "huggingface",
            "4.26.0-pytorch1.13.1",
            {
                "cpu": "1.13.1-transformers4.26.0-cpu-py39-u20",
                "gpu": "1.13.1-transformers4.26.0-gpu-py39-cu117-u20",
            },
        ),
    ],
)
def test_tags_follow_the_rules_of_the_package(
    document: dict[str, Any],
    processor: str,
    framework: str,
    version: str,
    tags: dict[str, str],
) -> None:
    assert document["processors"][processor][framework]["versions"][version][2] == tags


def test_equal_maps_of_accounts_are_kept_once(document: dict[str, Any]) -> None:
    assert document["accounts"] == [
        {"111111111111": "us-east-1", "222222222222": "eu-west-1"},
        {"333333333333": "us-east-1"},
    ]
    assert sorted(document["registries"]) == [[0, ""], [1, ""]]


def test_a_map_that_lacks_regions_of_another_names_those() -> None:
    fewer = {"us-east-1": "111111111111"}

    assert merged([fewer, ACCOUNTS])["registries"] == [[0, "eu-west-1"], [0, ""]]


def test_the_text_is_the_document_with_a_line_for_each_image(document: dict[str, Any]) -> None:
    text = spelled(document)

    assert json.loads(text) == document
    assert len([line for line in text.splitlines() if '"1.5-1"' in line]) == 2


def test_a_hugging_face_alias_names_the_base_unless_there_is_only_one(
    document: dict[str, Any],
) -> None:
    aliases = document["processors"]["x86"]["huggingface"]["aliases"]

    assert aliases["4.37"] == "4.37.0-pytorch2.1.0"
    assert aliases["4.26-pytorch1.13"] == "4.26.0-pytorch1.13.1"
    assert "4.26" not in aliases


def test_the_origin_is_recorded(document: dict[str, Any]) -> None:
    assert document["origin"]["package"] == "sagemaker-core"
    assert document["origin"]["version"] == "2.99.0"


def test_a_wheel_that_was_unpacked_gives_the_same(
    wheel: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")  # noqa: S202 - made by this test

    assert compact(Source(tmp_path / "unpacked")) == document
