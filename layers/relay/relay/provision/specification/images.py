"""SageMaker's own inference images, without the SageMaker SDK.

`images.json` is generated (`make images`) from the data of the `sagemaker-core` package; every
rule about tags and version aliases is applied there, so that this only looks up.
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

# DNS suffixes by the beginning of a region's name, most special first (botocore's partitions.json).
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
# Most names that a message lists; the nearest come first.
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
        """By version or alias, also with the Python that the image has: `2.6-py312`."""
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
    """The image's URI in ECR, for example
    `683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:0.90-1-cpu-py3`.

    Args:
        framework: as SageMaker's SDK names it: xgboost, sklearn, pytorch, tensorflow, huggingface
            and more.
        version: as SageMaker publishes it, or a shorter alias (`2.6` for `2.6.0`). A Hugging Face
            version that exists for several base frameworks names one: `4.26.0-pytorch1.13.1`. Where
            a version exists for several Pythons the newest is meant, unless it says `1.4.0-py3`.
        region: where the endpoint runs; images are pulled from the same region.
        instance_type: decides between x86 and Graviton, CPU and GPU.

    Raises:
        ConfigurationError: listing what exists instead, the nearest first.
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
    """Family, processor and accelerator: `ml.m5.large` is (m5, x86, cpu), `ml.g5.xlarge` (g5, x86,
    gpu), `ml.c7g.large` (c7g, graviton, cpu), `ml.inf2.xlarge` (inf2, x86, inf)."""
    match = _FAMILY.match(instance_type)
    if match is None:
        raise ConfigurationError(f"InstanceType {instance_type!r} is no SageMaker instance type")
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
    """The names that exist, the nearest first, and as many as a person will read."""
    ordered = sorted(sorted(names), key=lambda name: distance(wanted, name))
    more = len(ordered) - _MOST_LISTED
    return ", ".join(ordered[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _distance(one: str, other: str) -> tuple[int, ...]:
    """Between versions, number by number; a number that one of them lacks counts as zero."""
    numbers = [[int(digits) for digits in re.findall(r"\d+", text)] for text in (one, other)]
    return tuple(abs(a - b) for a, b in zip_longest(*numbers, fillvalue=0))


def _unlikeness(one: str, other: str) -> tuple[int, ...]:
    """Between regions: those that begin alike are near each other."""
    return (-len(commonprefix([one, other])),)


@cache
def _published() -> dict[str, dict[str, _Framework]]:
    """Frameworks by processor and name. Read only when somebody asks for an image by its
    framework.
    """
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
