"""The page that says how faithful the emulator is: emulator/FIDELITY.md, by `make references`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from tests.clients.record import recorded
from tests.support.emulator.conformance.cases import cases
from tests.support.emulator.conformance.operations import EMULATED, REFUSED, Operation, absent

_HERE = Path(__file__).parent
_PAGE = (_HERE / "page.md").read_text()


@dataclass(frozen=True, slots=True)
class Fact:
    """`test` is a file and the name of a test in it."""

    fact: str
    rank: str
    source: str
    test: str


def facts() -> list[Fact]:
    found: list[Mapping[str, str]] = yaml.safe_load((_HERE / "facts.yaml").read_text())
    return [Fact(**each) for each in found]


def scorecard() -> str:
    """Return the page."""
    return _PAGE.format(
        botocore=metadata.version("botocore"),
        operations="".join(_operations()),
        refused=" and ".join(f"`{name}`" for names in REFUSED.values() for name in names),
        absent="".join(_absent()).rstrip(),
        clients="".join(
            f"| {each.client} | {each.version} | {each.date} | {each.outcome} |\n"
            for each in recorded()
        ),
        facts="".join(_row(each) for each in facts()),
    )


def _operations() -> Iterator[str]:
    total = [0, 0]
    for service, names in EMULATED.items():
        for name in names:
            found = list(cases(Operation(service, name)))
            refused = sum(each.code is not None for each in found)
            total[0] += len(found) - refused
            total[1] += refused
            yield f"| {service} | `{name}` | {len(found) - refused} | {refused} |\n"
    yield f"| all | {sum(map(len, EMULATED.values()))} | {total[0]:,} | {total[1]:,} |\n"


def _absent() -> Iterator[str]:
    """Those of the emulated services that are about scaling by name; SageMaker's by number."""
    missing: Any = {service: [] for service in EMULATED}
    for each in absent():
        missing[each.service].append(f"`{each.name}`")
    for service, names in missing.items():
        if names:
            yield f"\n<details><summary>{len(names)} of {service}</summary>\n\n"
            yield f"{', '.join(names)}\n\n</details>\n"


def _row(each: Fact) -> str:
    file, _, name = each.test.partition("::")
    return f"| {each.fact} | {each.rank} ([source]({each.source})) | [`{name}`](../{file}) |\n"
