"""The packages of the layer: as they are pinned, and as their own metadata describes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.stack.settings import REPOSITORY

REQUIREMENTS = REPOSITORY / "layers/relay/requirements.txt"
_PINNED = re.compile(r"^([\w.-]+)==(\S+) \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)

# https://spdx.org/licenses/, for metadata that is older than license expressions (PEP 639).
# python-dateutil's "BSD License" is the one with three clauses.
_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: MIT No Attribution License (MIT-0)": "MIT-0",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the layer. `requires` names those of the others that it needs."""

    name: str
    version: str
    hashes: frozenset[str]
    licenses: tuple[str, ...]
    license_files: tuple[str, ...]
    requires: tuple[str, ...]


@cache
def shipped() -> tuple[Package, ...]:
    """Return the packages of the layer, in alphabetical order.

    Raises:
        ValueError: the installed version, whose metadata is read, is not the pinned one.
    """
    pins = _PINNED.findall(REQUIREMENTS.read_text())
    names = {name for name, _, _ in pins}
    return tuple(
        _package(name, version, frozenset(re.findall("[0-9a-f]{64}", hashes)), names)
        for name, version, hashes in pins
    )


def direct() -> list[str]:
    """Return the names of the packages that the relay itself needs."""
    lines = REQUIREMENTS.with_suffix(".in").read_text().splitlines()
    return [line.partition("==")[0] for line in lines if not line.startswith("#")]


def _package(name: str, version: str, hashes: frozenset[str], names: set[str]) -> Package:
    installed = distribution(name)
    if installed.version != version:
        raise ValueError(f"{name} is pinned to {version}, and {installed.version} is installed")
    metadata = installed.metadata
    return Package(
        name=name,
        version=version,
        hashes=hashes,
        licenses=tuple(licenses(installed)),
        license_files=tuple(metadata.get_all("License-File") or ()),
        requires=tuple(sorted(names & set(_requirements(installed)))),
    )


def licenses(installed: Distribution) -> Iterator[str]:
    """Yield the SPDX ids, or what the metadata has instead."""
    metadata = installed.metadata
    classifiers = [each for each in metadata.get_all("Classifier") or () if "License ::" in each]
    if "License-Expression" in metadata:
        yield metadata["License-Expression"]
    elif classifiers:
        yield from sorted(_CLASSIFIERS.get(each, each) for each in classifiers)
    else:
        yield from metadata.get_all("License") or ["unknown"]


def _requirements(installed: Distribution) -> Iterator[str]:
    for each in map(Requirement, installed.requires or ()):
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            yield canonicalize_name(each.name)
