"""The account of a soak. Speed and memory are told, not judged: machines differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from local.demo.accounts import wrong_value
from local.demo.inputs import Input
from local.load.tally import Tally
from local.soak.measure import Rates, Sample


@dataclass(frozen=True, slots=True)
class Account:
    """`outputs` are the texts of some of the output objects, `parked` is by dead-letter queue."""

    uploads: Mapping[str, Input]
    tally: Tally
    outputs: Mapping[str, str]
    rates: Rates
    samples: Sequence[Sample]
    parked: Mapping[str, int]
    unsettled: Sequence[str] = field(default=())

    def summary(self) -> str:
        """The last line of the command. Memory is that of all parts, at the first tenth (when all
        have started) and at the end."""
        tally, samples = self.tally, self.samples
        first = samples[min(len(samples) - 1, max(1, len(samples) // 10))].resident_mebibytes
        return (
            f"soak: uploaded={len(self.uploads)} "
            f"results={len(tally.first) + len(tally.doubled) + len(tally.unexpected)} "
            f"lost={len(tally.lost)} duplicated={len(tally.doubled)} "
            f"seconds={samples[-1].seconds:.0f} "
            f"first={self.rates.first:.1f}/s last={self.rates.last:.1f}/s "
            f"memory={first}MiB..{samples[-1].resident_mebibytes}MiB"
        )

    def problems(self) -> list[str]:
        """Everything that is wrong, one sentence each."""
        return [
            *self.tally.problems(),
            *(
                f"{uri} is {result.outcome}: {result.reason}"
                for uri, result in self.tally.first.items()
                if result.outcome != "completed"
            ),
            *(
                problem
                for uri, result in self.tally.first.items()
                if result.output_location in self.outputs
                for problem in wrong_value(
                    uri, self.uploads[uri].prediction or 0.0, result, self.outputs
                )
            ),
            *(f"{number} messages lie on {queue}" for queue, number in self.parked.items()),
            *(f"it did not come to rest: {what}" for what in self.unsettled),
        ]
