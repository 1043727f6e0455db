"""Writes a bill of materials of what is deployed, in CycloneDX 1.6: dist/sbom.json.

cyclonedx-py reads the pinned requirements of the layer, with their hashes. This module adds what
they do not say: the licenses, which package needs which, the functions, and the layer's own code.

python -m release.sbom
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from local.stack.settings import REPOSITORY
from release.packages import REQUIREMENTS, Package, direct, shipped

SBOM = REPOSITORY / "dist/sbom.json"
# Beside the environment that this runs in; the Makefile makes it.
TOOLS = Path(sys.prefix) / "supply" / "bin"

_APPLICATION = "async-inference-relay"
_LAYER = "relay"
# The hashes are of the distributions, so what the build changes is noted.
_CHANGES = {"botocore": "layers/relay/build_layer.py reduces its data to what the relay uses."}


def sbom() -> dict[str, Any]:
    """Return the document. It is the same for the same commit."""
    document = _of_requirements()
    packages = {each.name: each for each in shipped()}
    named = [(packages.pop(each["name"]), each) for each in document["components"]]
    if packages:
        raise ValueError(f"cyclonedx-py does not list {', '.join(packages)}")
    functions = [each.parent.name for each in sorted(REPOSITORY.glob("functions/*/app.py"))]
    own = [_own("application", each) for each in functions] + [_own("library", _LAYER)]
    document["metadata"]["component"] = _own("application", _APPLICATION)
    document["components"] = own + [_described(*each) for each in named]
    document["dependencies"] = [
        _dependency(_APPLICATION, functions),
        *(_dependency(each, [_LAYER]) for each in functions),
        _dependency(_LAYER, direct()),
        *(_dependency(package.name, package.requires) for package, _ in named),
    ]
    return document


def _of_requirements() -> dict[str, Any]:
    # By its own interpreter: the path in the script is that of the environment before a move.
    tool = [TOOLS / "python", TOOLS / "cyclonedx-py"]
    form = ("--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON")
    if not TOOLS.exists():
        raise AssertionError(f"{TOOLS} is missing; `make sbom` installs it")
    done = subprocess.run(
        [*tool, "requirements", *form, REQUIREMENTS], stdout=subprocess.PIPE, check=True
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _own(kind: str, name: str) -> dict[str, Any]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    licenses = [{"license": {"id": project["license"]}}]
    version = project["version"]
    return {"type": kind, "bom-ref": name, "name": name, "version": version, "licenses": licenses}


def _described(package: Package, component: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tool's component without its line in the requirements, with licenses."""
    kept = {name: value for name, value in component.items() if name != "description"}
    licenses = [{"license": {"id": each}} for each in package.licenses]
    changes = _CHANGES.get(package.name)
    pedigree = {"pedigree": {"notes": changes}} if changes else {}
    return {**kept, "bom-ref": package.name, "licenses": licenses, **pedigree}


def _dependency(name: str, others: Iterable[str]) -> dict[str, Any]:
    return {"ref": name, "dependsOn": sorted(others)}


if __name__ == "__main__":
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(json.dumps(sbom(), indent=2) + "\n")
    print(SBOM.relative_to(REPOSITORY))
