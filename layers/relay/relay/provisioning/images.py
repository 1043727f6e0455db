"""SageMaker's own inference images, without the SageMaker SDK.

`images.json` is generated (`make images`) from the data of the `sagemaker-core` package; every
rule about tags and version aliases is applied there, so that this only looks up.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
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


@dataclass(frozen=True, slots=True)
class _Image:
    """One version of a framework for one kind of processor: tags by accelerator, accounts by
    region.
    """

    repository: str
    tags: dict[str, str]
    accounts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Framework:
    aliases: dict[str, str]
    images: dict[str, _Image]


def resolve(framework: str, version: str, region: str, instance_type: str) -> str:
    """The image's URI in ECR, for example
    `683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:0.90-1-cpu-py3`.

    Args:
        framework: xgboost, sklearn, pytorch, tensorflow or huggingface.
        version: as SageMaker publishes it, or a shorter alias (`2.6` for `2.6.0`). A Hugging Face
            version that exists for several base frameworks names one: `4.26.0-pytorch1.13.1`.
        region: where the endpoint runs; images are pulled from the same region.
        instance_type: decides between x86 and Graviton, CPU and GPU.

    Raises:
        ConfigurationError: listing what exists instead.
    """
    processor, accelerator = _hardware(instance_type)
    published = _published()
    frameworks = published.get(processor, {})
    if framework not in frameworks:
        others = ", ".join(sorted(frameworks)) or "none"
        raise ConfigurationError(
            f"Framework {framework!r} has no image for {instance_type}; these have: {others}. "
            "For any other image set ImageUri"
        )
    chosen = frameworks[framework]
    image = chosen.images.get(chosen.aliases.get(version, version))
    if image is None:
        raise ConfigurationError(
            f"FrameworkVersion {version!r} of {framework} does not exist for {instance_type}; "
            f"these do: {_listed(chosen.images)}"
        )
    if accelerator not in image.tags:
        raise ConfigurationError(
            f"{framework} {version} runs on {' and '.join(image.tags)} instances only; "
            f"InstanceType {instance_type} is a {accelerator} instance"
        )
    if region not in image.accounts:
        raise ConfigurationError(
            f"{framework} {version} is not published in {region}; "
            f"it is in {_listed(sorted(image.accounts))}"
        )
    host = f"{image.accounts[region]}.dkr.ecr.{region}.{_dns_suffix(region)}"
    return f"{host}/{image.repository}:{image.tags[accelerator]}"


def _hardware(instance_type: str) -> tuple[str, str]:
    """Processor and accelerator: `ml.m5.large` is (x86, cpu), `ml.g5.xlarge` (x86, gpu),
    `ml.c7g.large` (graviton, cpu), `ml.inf2.xlarge` (x86, inf)."""
    match = _FAMILY.match(instance_type)
    if match is None:
        raise ConfigurationError(f"InstanceType {instance_type!r} is no SageMaker instance type")
    letters, _, attributes = match.groups()
    if letters in ("inf", "trn"):
        return "x86", letters
    accelerator = "gpu" if letters[0] in "gp" else "cpu"
    return ("graviton" if attributes.startswith("g") else "x86"), accelerator


def _dns_suffix(region: str) -> str:
    return next(
        (suffix for prefix, suffix in _DNS_SUFFIXES if region.startswith(prefix)), "amazonaws.com"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


@cache
def _published() -> dict[str, dict[str, _Framework]]:
    """Frameworks by processor and name. Read only when somebody asks for an image by its
    framework.
    """
    document = json.loads(files(__package__).joinpath("images.json").read_text(encoding="utf-8"))
    registries = document["registries"]
    return {
        processor: {
            name: _Framework(
                entry["aliases"],
                {
                    version: _Image(
                        image["repository"], image["tags"], registries[image["registry"]]
                    )
                    for version, image in entry["versions"].items()
                },
            )
            for name, entry in frameworks.items()
        }
        for processor, frameworks in document["processors"].items()
    }
