"""The account of a run: every upload must have exactly one result, and the correct one."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from local.load.inputs import Input
from local.load.results import Result
from local.load.tally import Tally

# The model computes in single precision.
_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Account:
    """What a run found; `problems` says in sentences what must not be.

    `uploads` are by their S3 URI, `outputs` are texts of output objects by location, `depths` are
    the messages on each queue. `explained` says whether something that was injected explains an
    outcome that was not expected. `poison` are the ids of messages that had to be parked, by their
    dead-letter queue, and `parked_poison` those that are there: a crash can park one twice.
    """

    uploads: Mapping[str, Input]
    tally: Tally
    outputs: Mapping[str, str]
    depths: Mapping[str, int]
    unsettled: Sequence[str] = ()
    denials: Sequence[str] = ()
    explained: Callable[[Result], bool] = lambda result: False
    poison: Mapping[str, Collection[str]] = field(default_factory=dict)
    parked_poison: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def parked(self) -> dict[str, int]:
        """The different messages that could not be processed, by dead-letter queue."""
        depths = {name: n for name, n in self.depths.items() if n and "DeadLetterQueue" in name}
        return depths | {name: len(ids) for name, ids in self.parked_poison.items()}

    def summary(self, command: str, **figures: object) -> str:
        """The last line of a command: the figures that are given, and those of every run."""
        tally = self.tally
        common = {
            "uploaded": len(self.uploads),
            "results": len(tally.first) + len(tally.doubled) + len(tally.unexpected),
            "lost": len(tally.lost),
            "duplicated": len(tally.doubled),
        }
        return f"{command}: " + " ".join(f"{k}={v}" for k, v in (common | figures).items())

    def problems(self) -> list[str]:
        """Everything that is wrong, one sentence each."""
        return [
            *self.tally.problems(),
            *(problem for result in self.tally.first.values() for problem in self._wrong(result)),
            *self._wrongly_parked(),
            *(f"the run did not settle: {what}" for what in self.unsettled),
            *(f"a role lacks a permission: {line}" for line in self.denials),
        ]

    def _wrongly_parked(self) -> Iterator[str]:
        for queue, number in self.parked.items():
            if queue not in self.poison:
                yield f"{number} messages lie on {queue}"
        for queue, sent in self.poison.items():
            found = set(self.parked_poison.get(queue, ()))
            if missing := set(sent) - found:
                yield f"{len(missing)} messages that cannot be read are not on {queue}"
            if others := found - set(sent):
                yield f"{len(others)} other messages lie on {queue}"

    def _wrong(self, result: Result) -> Iterator[str]:
        uri, item, outcome = result.subject, self.uploads[result.subject], result.outcome
        if outcome != item.outcome and not self.explained(result):
            yield f"{uri} is {outcome} ({result.reason}), expected {item.outcome}"
        if not result.type.endswith(f".{outcome}"):
            yield f"{uri}: the type {result.type} does not fit the outcome {outcome}"
        if result.queue != ("CompletedQueue" if outcome == "completed" else "FailedQueue"):
            yield f"{uri} is {outcome}, but its result was on {result.queue}"
        if outcome == "completed" and item.prediction is not None:
            yield from self._wrong_output(result, item.prediction)

    def _wrong_output(self, result: Result, prediction: float) -> Iterator[str]:
        uri = result.subject
        if result.output_location is None:
            yield f"{uri} is completed, but its result names no output"
        elif (text := self.outputs.get(result.output_location)) is not None:
            try:
                value = value_of(text)
            except ValueError:
                yield f"{uri}: the output is {text[:80]!r}, expected {prediction}"
                return
            if not math.isclose(value, prediction, rel_tol=_TOLERANCE):
                yield f"{uri}: the output is {value}, but the model itself predicts {prediction}"


def value_of(text: str) -> float:
    """The model's answer to one row. Raises ValueError when it is not one number."""
    return float(text.strip())
