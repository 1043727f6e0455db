"""What `make clients` has recorded: which client ran when, and how it ended."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Result:
    """`outcome` is `passed`, or what went wrong."""

    client: str
    version: str
    date: str
    outcome: str

    @property
    def passed(self) -> bool:
        return self.outcome == "passed"

    def to_json(self) -> Mapping[str, str]:
        return asdict(self)


def recorded() -> list[Result]:
    """The results of the last run."""
    return [Result(**each) for each in json.loads(RESULTS.read_text())]
