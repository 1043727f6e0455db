"""SageMaker's inference images, without the SageMaker SDK.

`make images` generates `images.json` from the data of the `sagemaker-core` package and applies the
rules of tags and version aliases, so that this module only looks up.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from posixpath import commonprefix
from typing import Final

from relay.errors import ConfigurationError

# DNS suffixes by the beginning of a region's name, the first match applies (botocore's
# partitions.json).
_DNS_SUFFIXES: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
)
_FAMILY = re.compile(r"ml\.([a-z]+)(\d+)([a-z]*)")
_PYTHON = re.compile(r"(.+)-(py\d+)")
# Maximum number of names in a message; the nearest come first.
_MOST_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class _Image:
    """One version of a framework for one kind of processor: tags by accelerator (or by the family
    of instances), accounts by region.
    """

    repository: str
    tags: dict[str, str]
    accounts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Framework:
    aliases: dict[str, str]
    images: dict[str, _Image]

    def find(self, version: str) -> _Image | None:
        """Find an image by version or alias, optionally with its Python: `2.6-py312`."""
        full = self.aliases.get(version, version)
        if full in self.images:
            return self.images[full]
        spelled = _PYTHON.fullmatch(version)
        if spelled is None:
            return None
        full, python = self.aliases.get(spelled[1], spelled[1]), spelled[2]
        image = self.images.get(f"{full}-{python}") or self.images.get(full)
        tags = image.tags.values() if image else ()
        return image if any(python in tag.split("-") for tag in tags) else None


def resolve(framework: str, version: str, region: str, instance_type: str) -> str:
    """Return the URI of an image in ECR.

    For example `683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:0.90-1-cpu-py3`.

    Args:
        framework: name in SageMaker's SDK: xgboost, sklearn, pytorch, tensorflow and more.
        version: version as SageMaker publishes it, or a shorter alias (`2.6` for `2.6.0`). A
            Hugging Face version may need its base framework: `4.26.0-pytorch1.13.1`. Of several
            Pythons the newest is used, unless the version includes one: `1.4.0-py3`.
        region: region of the endpoint, from which the image is pulled.
        instance_type: determines x86 or Graviton, and CPU or GPU.

    Raises:
        ConfigurationError: lists what exists instead, the nearest first.
    """
    family, processor, accelerator = _hardware(instance_type)
    frameworks = _published().get(processor, {})
    if framework not in frameworks:
        others = ", ".join(sorted(frameworks)) or "none"
        raise ConfigurationError(
            f"Framework {framework!r} has no image for {instance_type}; these have: {others}. "
            "For any other image set ImageUri"
        )
    image = frameworks[framework].find(version)
    if image is None:
        raise ConfigurationError(
            f"FrameworkVersion {version!r} of {framework} does not exist for {instance_type}; "
            f"these do: {_nearest(version, frameworks[framework].images, _distance)}"
        )
    tag = image.tags.get(family) or image.tags.get(accelerator)
    if tag is None:
        kinds = sorted(image.tags.keys() & {"cpu", "gpu"})
        raise ConfigurationError(
            f"{framework} {version} runs on {' and '.join(kinds)} instances only; "
            f"InstanceType {instance_type} is a {accelerator} instance"
        )
    if region not in image.accounts:
        raise ConfigurationError(
            f"{framework} {version} is not published in {region}; "
            f"it is in {_nearest(region, image.accounts, _unlikeness)}"
        )
    host = f"{image.accounts[region]}.dkr.ecr.{region}.{_dns_suffix(region)}"
    return f"{host}/{image.repository}:{tag}"


def _hardware(instance_type: str) -> tuple[str, str, str]:
    """Return family, processor and accelerator of an instance type.

    `ml.m5.large` is (m5, x86, cpu), `ml.g5.xlarge` (g5, x86, gpu), `ml.c7g.large` (c7g, graviton,
    cpu), `ml.inf2.xlarge` (inf2, x86, inf).
    """
    match = _FAMILY.match(instance_type)
    if match is None:
        raise ConfigurationError(f"InstanceType {instance_type!r} is not a SageMaker instance type")
    letters, number, attributes = match.groups()
    family = f"{letters}{number}{attributes}"
    if letters in ("inf", "trn"):
        return family, "x86", letters
    accelerator = "gpu" if letters[0] in "gp" else "cpu"
    return family, "graviton" if attributes.startswith("g") else "x86", accelerator


def _dns_suffix(region: str) -> str:
    return next(
        (suffix for prefix, suffix in _DNS_SUFFIXES if region.startswith(prefix)), "amazonaws.com"
    )


def _nearest(
    wanted: str, names: Iterable[str], distance: Callable[[str, str], tuple[int, ...]]
) -> str:
    """List existing names, the nearest first, up to a maximum."""
    ordered = sorted(sorted(names), key=lambda name: distance(wanted, name))
    more = len(ordered) - _MOST_LISTED
    return ", ".join(ordered[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _distance(one: str, other: str) -> tuple[int, ...]:
    """Return the distance of versions, number by number; a missing number counts as zero."""
    numbers = [[int(digits) for digits in re.findall(r"\d+", text)] for text in (one, other)]
    return tuple(abs(a - b) for a, b in zip_longest(*numbers, fillvalue=0))


def _unlikeness(one: str, other: str) -> tuple[int, ...]:
    """Return the distance of regions: a longer common beginning means nearer."""
    return (-len(commonprefix([one, other])),)


@cache
def _published() -> dict[str, dict[str, _Framework]]:
    """Read the frameworks by processor and name, on the first look-up of an image."""
    document = json.loads(files(__package__).joinpath("images.json").read_text(encoding="utf-8"))
    whole = [
        {region: account for account, regions in each.items() for region in regions.split()}
        for each in document["accounts"]
    ]
    registries = [
        {region: whole[index][region] for region in whole[index].keys() - set(without.split())}
        for index, without in document["registries"]
    ]
    return {
        processor: {
            name: _Framework(
                entry["aliases"],
                {
                    version: _Image(repository, tags, registries[registry])
                    for version, (repository, registry, tags) in entry["versions"].items()
                },
            )
            for name, entry in frameworks.items()
        }
        for processor, frameworks in document["processors"].items()
    }
