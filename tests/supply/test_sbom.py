"""The bill of materials lists what is deployed, and nothing else."""

import json
import subprocess
from typing import Any

import pytest

from local.stack.settings import REPOSITORY
from release import sbom
from tests.template.template import source


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return sbom.sbom()


def test_it_has_the_pinned_packages_with_their_versions_and_hashes(
    document: dict[str, Any],
) -> None:
    listed = {
        f"{each['name']}=={each['version']}": {
            f"--hash=sha256:{found['content']}"
            for reference in each["externalReferences"]
            for found in reference["hashes"]
        }
        for each in document["components"]
        if "purl" in each
    }
    text = (REPOSITORY / "layers/relay/requirements.txt").read_text()
    words = [word for word in text.split() if "==" in word or word.startswith("--hash=")]

    assert len(listed) == sum("==" in word for word in words)
    for word in words:
        if "==" in word:
            pinned = word
        else:
            listed[pinned].remove(word)
    assert not any(listed.values())


def test_its_other_components_are_the_functions_and_the_layers_own_code(
    document: dict[str, Any],
) -> None:
    deployed = [
        each["Properties"]["CodeUri"].rstrip("/").rpartition("/")[2]
        for each in source()["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]

    own = [each["name"] for each in document["components"] if "purl" not in each]
    assert sorted(own) == sorted([*deployed, "relay"])


def test_every_component_has_a_license(document: dict[str, Any]) -> None:
    components = [document["metadata"]["component"], *document["components"]]

    assert [each["name"] for each in components if not each["licenses"]] == []


def test_every_component_is_reached_from_the_application(document: dict[str, Any]) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    reached: set[str] = set()
    pending = [document["metadata"]["component"]["bom-ref"]]
    while pending:
        reached.add(reference := pending.pop())
        pending += [each for each in needs[reference] if each not in reached]

    components = {each["bom-ref"] for each in document["components"]}
    assert reached == set(needs) == components | {"async-inference-relay"}


def test_it_is_the_same_for_the_same_commit(document: dict[str, Any]) -> None:
    assert "serialNumber" not in document
    assert "timestamp" not in document["metadata"]


@pytest.mark.parametrize(("member", "valid"), [("components", True), ("component", False)])
def test_it_has_the_form_of_cyclonedx(document: dict[str, Any], member: str, valid: bool) -> None:
    """The validator is that of the library of CycloneDX, strict: an unknown member is an error."""
    code = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()) or ""))
"""
    text = json.dumps(document).replace('"components"', f'"{member}"')

    done = subprocess.run(
        [sbom.TOOLS / "python", "-c", code], input=text, capture_output=True, text=True
    )

    assert (not done.stderr.strip()) == valid, done.stderr
