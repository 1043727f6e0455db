"""The account of a run of chaos: what was injected, what came of it, what must not be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from local.demo.accounts import wrong_value
from local.demo.inputs import Input
from local.load.tally import Tally

# Every attempt met the injected error: rare, and rightly reported as failed.
_INJECTED = re.compile(r"Received server error \(500\)")


@dataclass(frozen=True, slots=True)
class Account:
    """`counted` are the functions' metrics, `parked` the messages on dead-letter queues."""

    uploads: Mapping[str, Input]
    tally: Tally
    outputs: Mapping[str, str]
    counted: Mapping[str, int]
    parked: Mapping[str, int]
    unsettled: Sequence[str] = field(default=())
    denials: Sequence[str] = field(default=())

    def summary(self) -> str:
        """The last line of the command."""
        tally = self.tally
        figures = {
            "uploaded": len(self.uploads),
            "results": len(tally.first) + len(tally.doubled) + len(tally.unexpected),
            "lost": len(tally.lost),
            "duplicated": len(tally.doubled),
            "recovered": self.counted.get("Recovered", 0),
            "retried": self.counted.get("Retried", 0),
            "expired": tally.outcomes["expired"],
            "parked": sum(self.parked.values()),
        }
        return "chaos: " + " ".join(f"{name}={number}" for name, number in figures.items())

    def problems(self) -> list[str]:
        """Everything that is wrong, one sentence each. Failures and expiries that were injected
        are not."""
        return [
            *self.tally.problems(),
            *(problem for uri, item in self.uploads.items() for problem in self._wrong(uri, item)),
            *(f"{number} messages lie on {queue}" for queue, number in self.parked.items()),
            *(f"it did not come to rest: {what}" for what in self.unsettled),
            *(f"a role lacks a right: {line}" for line in self.denials),
        ]

    def _wrong(self, uri: str, item: Input) -> list[str]:
        result = self.tally.first.get(uri)
        if result is None or item.prediction is None:
            return []
        if result.outcome == "completed":
            return wrong_value(uri, item.prediction, result, self.outputs)
        if result.outcome == "expired" or _INJECTED.search(result.reason):
            return []
        return [f"{uri} is {result.outcome}, and no injected fault explains it: {result.reason}"]
