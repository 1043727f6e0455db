"""Writes `relay/provision/specification/images.json` from the data of the `sagemaker-core` package.

The package's code is never imported: it would need fifty others. Only its JSON files are read, out
of its wheel or a folder into which the wheel was unpacked:

    python -m local.images sagemaker_core-2.27.0-py3-none-any.whl

`make images` downloads the latest wheel and does just that.

The rules by which a tag follows from a version (those of `sagemaker/core/image_uris.py`) are
applied here, once, so that the deployed code only looks up.
"""

import argparse
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Any, Final

DATA_FILE: Final = Path("layers/relay/relay/provision/specification/images.json")
FRAMEWORKS: Final = (
    "djl-lmi",
    "huggingface",
    "huggingface-llm",
    "huggingface-tei",
    "huggingface-tei-cpu",
    "huggingface-vllm",
    "pytorch",
    "sagemaker-tritonserver",
    "sklearn",
    "tensorflow",
    "vllm",
    "xgboost",
)
SCOPES: Final = {"x86": "inference", "graviton": "inference_graviton"}

# Graviton tags that follow no rule.
_ODD_TAGS: Final = {
    ("xgboost", "1.3-1"): "1.3-1-arm64",
    ("xgboost", "1.5-1"): "1.5-1-arm64",
    ("sklearn", "1.0-1"): "1.0-1-arm64-cpu-py3",
}

_CUDA: Final = re.compile(r"-cu\d")
# Images for one family of instances, beside the version's own.
_FAMILY_TAGS: Final = {("pytorch", "1.6.0"): {"p4d": "1.6.0-gpu-py36-cu110-ubuntu18.04"}}

# How many levels below a member of the data file have lines of their own.
_LEVELS: Final = {"origin": 0, "aliases": 0, "registries": 1, "accounts": 2, "processors": 4}

# A part of a framework's file, as the package publishes it.
Entry = Mapping[str, Any]


class Source:
    """The package's files: in a wheel, or a folder."""

    def __init__(self, location: Path) -> None:
        self._root = location if location.is_dir() else zipfile.Path(location)

    def framework(self, name: str) -> Entry:
        path = self._root / "sagemaker" / "core" / "image_uri_config" / f"{name}.json"
        document: Entry = json.loads(path.read_text(encoding="utf-8"))
        return document

    def metadata(self) -> Message:
        folder = next(each for each in self._root.iterdir() if each.name.endswith(".dist-info"))
        return message_from_string((folder / "METADATA").read_text(encoding="utf-8"))


def compact(source: Source) -> dict[str, Any]:
    """The whole data file: every image, and each distinct map of accounts once."""
    registries: list[Mapping[str, str]] = []
    processors: dict[str, dict[str, Any]] = {processor: {} for processor in SCOPES}
    for framework in FRAMEWORKS:
        document = source.framework(framework)
        for processor, scope_name in SCOPES.items():
            scope = scope_of(document, scope_name)
            if scope is None:
                continue
            versions: dict[str, Any] = {}
            for version, entry in images_of(framework, scope):
                if entry["registries"] not in registries:
                    registries.append(entry["registries"])
                versions[version] = [
                    entry["repository"],
                    registries.index(entry["registries"]),
                    tags(framework, scope_name, version, entry, scope),
                ]
            aliases = aliases_of(framework, scope)
            processors[processor][framework] = {"aliases": aliases, "versions": versions}
    metadata = source.metadata()
    origin = {
        "package": metadata["Name"],
        "version": metadata["Version"],
        "files": "sagemaker/core/image_uri_config/*.json",
        "licence": "Apache-2.0",
        "copyright": "Amazon.com, Inc. or its affiliates",
        "changes": "inference images of some frameworks, tags spelled out, equal maps merged",
    }
    return {"origin": origin, **merged(registries), "processors": processors}


def merged(registries: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Accounts by region: the few maps that do not contradict each other, and for each registry
    which of them it is and which of its regions it does without.
    """
    whole: list[dict[str, str]] = []
    for registry in sorted(registries, key=len, reverse=True):
        for each in whole:
            if all(each.get(region, account) == account for region, account in registry.items()):
                each.update(registry)
                break
        else:
            whole.append(dict(registry))
    parts = []
    for registry in registries:
        index = next(i for i, each in enumerate(whole) if registry.items() <= each.items())
        parts.append([index, " ".join(sorted(whole[index].keys() - registry.keys()))])
    return {"accounts": [by_account(each) for each in whole], "registries": parts}


def by_account(registry: Mapping[str, str]) -> dict[str, str]:
    """Regions by account: most regions share one."""
    accounts: dict[str, list[str]] = {}
    for region, account in sorted(registry.items()):
        accounts.setdefault(account, []).append(region)
    return {account: " ".join(regions) for account, regions in sorted(accounts.items())}


def scope_of(document: Entry, name: str) -> Entry | None:
    """The part of a framework's file about inference; some files are about nothing else."""
    if "scope" in document:
        return document if name in document["scope"] else None
    scope: Entry | None = document.get(name)
    return scope


def spelled(document: Mapping[str, Any]) -> str:
    """The data file's text, one line for each thing that can change by itself."""
    return _indented(document, 1, "") + "\n"


def _indented(value: Any, levels: int, margin: str) -> str:
    """JSON in which members stand on lines of their own, so many levels deep."""
    if not levels or not isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    inside = margin + " "
    if isinstance(value, dict):
        opening, closing = "{}"
        members = [
            f"{json.dumps(name)}: {_indented(each, _LEVELS.get(name, levels - 1), inside)}"
            for name, each in value.items()
        ]
    else:
        opening, closing = "[]"
        members = [_indented(each, levels - 1, inside) for each in value]
    body = ",\n".join(f"{inside}{member}" for member in members)
    return f"{opening}\n{body}\n{margin}{closing}"


def images_of(framework: str, scope: Entry) -> Iterator[tuple[str, Entry]]:
    """Versions and their entries. Hugging Face has one for each base framework
    (`4.26.0-pytorch1.13.1`), others one for each Python of theirs but the newest (`1.4.0-py3`).
    """
    for version, entry in scope["versions"].items():
        if framework != "huggingface":
            yield version, entry
            for python in entry.get("py_versions", [])[:-1]:
                yield f"{version}-{python}", {**entry, "py_versions": [python]}
            continue
        for base, variant in entry.items():
            if base != "version_aliases":
                yield f"{version}-{base}", variant


def aliases_of(framework: str, scope: Entry) -> dict[str, str]:
    """Shorter names of versions: `2.6` for `2.6.0`, and `4.51.3` for the only base that it has."""
    aliases: dict[str, str] = dict(scope.get("version_aliases", {}))
    if framework != "huggingface":
        return aliases
    named: dict[str, str] = {}
    for version, entry in scope["versions"].items():
        spellings = [version, *(short for short, full in aliases.items() if full == version)]
        bases = {base: base for base in entry if base != "version_aliases"}
        only = len(bases) == 1
        bases |= entry.get("version_aliases", {})
        for spelling in spellings:
            for short, base in bases.items():
                if base in entry:
                    named[f"{spelling}-{short}"] = f"{version}-{base}"
            if only:
                named[spelling] = f"{version}-{next(iter(bases.values()))}"
    return {short: full for short, full in named.items() if short != full}


def tags(
    framework: str, scope_name: str, version: str, entry: Entry, scope: Entry
) -> dict[str, str]:
    """The tag for each accelerator that the image exists for."""
    if scope_name == "inference_graviton" and (odd := _ODD_TAGS.get((framework, version))):
        return {"cpu": odd}
    prefix = entry.get("tag_prefix", re.sub(r"-py\d+$", "", version))
    if framework == "huggingface":
        transformers, base = version.split("-", 1)
        prefix = f"{base.lstrip('abcdefghijklmnopqrstuvwxyz')}-transformers{transformers}"
    # The last of several Pythons is the newest.
    python = entry["py_versions"][-1] if entry.get("py_versions") else None
    # An image that lists no processors (newer XGBoost) has one tag for CPU and GPU instances alike.
    listed = scope.get("processors") or entry.get("processors")
    accelerators = listed or (("gpu",) if _CUDA.search(prefix) else ("cpu", "gpu"))
    found = dict(_FAMILY_TAGS.get((framework, version), {})) if scope_name == "inference" else {}
    for processor in sorted(accelerators):
        container = entry.get("container_version", {}).get(processor)
        if entry["repository"] in (
            f"{framework}-inference-graviton",
            f"{framework}-inference-arm64",
        ):
            container = f"{container}-sagemaker"
        in_tag = processor if listed and entry.get("processor_in_tag", True) else None
        if framework == "sagemaker-tritonserver" and processor == "gpu":
            in_tag = None
        found[processor] = "-".join(part for part in (prefix, in_tag, python, container) if part)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Write images.json from sagemaker-core's data.")
    parser.add_argument("package", type=Path, help="a wheel of sagemaker-core, or its content")
    parser.add_argument("--output", type=Path, default=DATA_FILE)
    arguments = parser.parse_args()
    document = compact(Source(arguments.package))
    text = spelled(document)
    arguments.output.write_text(text, encoding="utf-8")
    print(f"{arguments.output}: sagemaker-core {document['origin']['version']}, {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
