"""The relay as the reference run of the benchmark measured it, in batches of up to 100."""

from collections.abc import Mapping
from itertools import pairwise
from math import ceil

from benchmarks.cost import INVOCATIONS_AT_A_TIME, PLATFORM_LOG_BYTES, Design, Step, relay
from benchmarks.reference.run import dollars, figures
from relayctl.cost.prices import MILLION, US_EAST_1

# The sizes that the run measured, up to the batch size that the template sets.
SIZES = (1, 10, 100)

# How many records one call carries.
_RECORDS: Mapping[str, Mapping[str, int]] = {
    "submit": {"InvokeEndpointAsync": 1, "BatchExecuteStatement": 25},
    "route": {"BatchGetItem": 100, "SendMessageBatch": 10, "BatchExecuteStatement": 25},
}
_DONE = {"submit": "a submitted request", "route": "a routed result"}


def design(batch: int) -> Design:
    """Return the relay in batches of this size. Between measured sizes, time is a straight line."""
    return relay(_step("submit", batch), _step("route", batch))


def calls(function: str, batch: int) -> Mapping[str, float]:
    """Return the calls of a function for each record, by operation."""
    return {name: ceil(batch / each) / batch for name, each in _RECORDS[function].items()}


def figure(name: str) -> float:
    """Return the relay's median of a figure of the run."""
    return float(figures()[name]["relay"]["median"])


def _step(function: str, batch: int) -> Step:
    microseconds = {
        size: figure(f"processor time for {_DONE[function]}, batches of {size}") * size
        for size in SIZES
    }
    cpu_seconds = _between(microseconds, batch) / batch / MILLION
    return Step(
        batch,
        calls(function, batch),
        cpu_seconds,
        log_bytes=_between(_log_bytes(), batch) / batch,
        threads=min(batch, INVOCATIONS_AT_A_TIME),
    )


def _log_bytes() -> Mapping[int, float]:
    """Return what one invocation logs: the run has the dollars of both functions together."""
    one_byte = US_EAST_1.rates.log_bytes.of(MILLION)
    return {
        size: dollars()[f"relay, batches of {size}"]["logs"] / one_byte * size / 2
        - PLATFORM_LOG_BYTES
        for size in SIZES
    }


def _between(measured: Mapping[int, float], batch: int) -> float:
    """Return the value on the straight line between the measured sizes around `batch`."""
    for low, high in pairwise(sorted(measured)):
        if low <= batch <= high:
            part = (batch - low) / (high - low)
            return measured[low] * (1 - part) + measured[high] * part
    raise ValueError(f"batches of {batch} are not between {SIZES[0]} and {SIZES[-1]}")
