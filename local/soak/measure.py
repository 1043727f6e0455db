"""What a soak measures: when results came, and what the parts of the stack used meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.console.table import table
from local.load.usage import PARTS, Use

# Of all results, at each end.
_SHARE = 5
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """At one moment, in seconds since the first upload."""

    seconds: float
    results: int
    usage: Mapping[str, Use]

    @property
    def resident_mebibytes(self) -> int:
        return round(sum(use.resident_bytes for use in self.usage.values()) / _MEBIBYTE)


@dataclass(frozen=True, slots=True)
class Rates:
    """Results per second in the first and the last fifth of all."""

    first: float
    last: float

    @classmethod
    def of(cls, arrivals: Sequence[float]) -> "Rates":
        """`arrivals` are the times of all results in order, in seconds since the first upload."""
        count = max(1, len(arrivals) // _SHARE)
        if len(arrivals) <= count:
            return cls(0.0, 0.0)
        return cls(
            _rate(count, arrivals[count - 1]), _rate(count, arrivals[-1] - arrivals[-count - 1])
        )


def describe(samples: Sequence[Sample]) -> str:
    """A line for each sample: the rate since the one before, and memory by part in MiB."""
    header = ("results", "seconds", "per second", *PARTS, "together", "cores")
    befores = [*samples[:1], *samples]
    return table(header, [_row(a, b) for a, b in zip(befores, samples, strict=False)])


def describe_processor_time(samples: Sequence[Sample]) -> str:
    """How much of it each part used for one result, from the first sample to the last."""
    first, last = samples[0], samples[-1]
    results = max(1, last.results - first.results)
    used = {
        part: (last.usage[part].cpu_seconds - first.usage[part].cpu_seconds) / results
        for part in PARTS
    }
    parts = ", ".join(f"{part} {seconds * 1000:.1f}" for part, seconds in used.items())
    return (
        f"processor time for each result, in ms: {parts}, together {sum(used.values()) * 1000:.1f}"
    )


def _row(before: Sample, sample: Sample) -> tuple[str, ...]:
    seconds = sample.seconds - before.seconds
    return (
        f"{sample.results:,}",
        f"{sample.seconds:.0f}",
        f"{_rate(sample.results - before.results, seconds):.1f}",
        *(str(round(sample.usage[part].resident_bytes / _MEBIBYTE)) for part in PARTS),
        str(sample.resident_mebibytes),
        f"{_rate_of_use(before, sample, seconds):.1f}",
    )


def _rate_of_use(before: Sample, sample: Sample, seconds: float) -> float:
    """Processor seconds per second. A process that ended meanwhile took its time with it."""
    used = sum(
        max(0.0, sample.usage[part].cpu_seconds - before.usage[part].cpu_seconds) for part in PARTS
    )
    return used / seconds if seconds > 0 else 0.0


def _rate(count: int, seconds: float) -> float:
    return count / seconds if seconds > 0 else 0.0
