"""Holds the results against the inputs: lost, duplicated, unexpected, wrong."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from local.demo.inputs import Input
from local.demo.results import Result

# The model computes in single precision.
_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Account:
    """The outcome of a demo. `problems` says in sentences what must not be."""

    uploaded: int
    outcomes: Mapping[str, int]
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    problems: tuple[str, ...]

    def summary(self, seconds: float) -> str:
        counts = " ".join(
            f"{o}={self.outcomes.get(o, 0)}" for o in ("completed", "failed", "rejected")
        )
        return (
            f"demo: uploaded={self.uploaded} {counts} lost={len(self.lost)} "
            f"duplicated={len(self.duplicated)} seconds={seconds:.0f}"
        )


def settle(
    inputs: Mapping[str, Input], results: Sequence[Result], outputs: Mapping[str, str]
) -> Account:
    """Every input, by its S3 URI, must have exactly one result, and the right one.

    `outputs` holds the text of each output object by its location.
    """
    by_subject: dict[str, list[Result]] = {}
    for result in results:
        by_subject.setdefault(result.subject, []).append(result)
    lost = tuple(uri for uri in inputs if uri not in by_subject)
    duplicated = tuple(uri for uri, found in by_subject.items() if uri in inputs for _ in found[1:])
    problems = [
        *(f"no result came for {uri}" for uri in lost),
        *(f"another result came for {uri}" for uri in duplicated),
        *(
            f"a result came for {uri!r}, which was never uploaded"
            for uri in by_subject.keys() - inputs
        ),
        *_shared_ids(results),
        *(
            problem
            for uri, found in by_subject.items()
            if uri in inputs
            for problem in _wrong(uri, inputs[uri], found[0], outputs)
        ),
    ]
    first = Counter(found[0].outcome for uri, found in by_subject.items() if uri in inputs)
    return Account(len(inputs), first, lost, duplicated, tuple(problems))


def value_of(text: str) -> float:
    """The model's answer to one row. Raises ValueError when it is not one number."""
    return float(text.strip())


def _shared_ids(results: Iterable[Result]) -> list[str]:
    subjects: dict[str, set[str]] = {}
    for result in results:
        subjects.setdefault(result.id, set()).add(result.subject)
    return [
        f"the request id {id} stands for {len(uris)} inputs: {', '.join(sorted(uris))}"
        for id, uris in subjects.items()
        if len(uris) > 1
    ]


def _wrong(uri: str, item: Input, result: Result, outputs: Mapping[str, str]) -> list[str]:
    problems = []
    if result.outcome != item.outcome:
        problems.append(f"{uri} is {result.outcome} ({result.reason}), expected {item.outcome}")
    if not result.type.endswith(f".{result.outcome}"):
        problems.append(f"{uri}: the type {result.type} does not fit the outcome {result.outcome}")
    if result.queue != ("CompletedQueue" if result.outcome == "completed" else "FailedQueue"):
        problems.append(f"{uri} is {result.outcome}, but its result was on {result.queue}")
    if result.outcome == "completed" and item.prediction is not None:
        problems.extend(wrong_value(uri, item.prediction, result, outputs))
    return problems


def wrong_value(
    uri: str, prediction: float, result: Result, outputs: Mapping[str, str]
) -> list[str]:
    """What is wrong with the output of a completed result; `outputs` are texts by location."""
    if result.output_location is None:
        return [f"{uri} is completed, but its result names no output"]
    text = outputs[result.output_location]
    try:
        value = value_of(text)
    except ValueError:
        return [f"{uri}: the output is {text[:80]!r}, expected {prediction}"]
    if not math.isclose(value, prediction, rel_tol=_TOLERANCE):
        return [f"{uri}: the output is {value}, but the model itself predicts {prediction}"]
    return []
