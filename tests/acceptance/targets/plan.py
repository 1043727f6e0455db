"""What a run on an account makes, how long it takes and what it costs at most."""

from collections.abc import Mapping
from dataclasses import dataclass

from relayctl.cost.prices import MONTH_HOURS, US_EAST_1

# Uploads of all tests together, and what each costs however it fares: the relay's own calls are
# $3.60 a million (docs/explanation/performance.md); ten times that for small batches, retries and
# S3.
_REQUESTS = 1500
_REQUEST = 36.0 / 1_000_000
# Of both stacks: three alarms each, three while the endpoint scales; the functions' metrics.
_ALARMS, _METRICS = 9, 40
# Both fleets of an update while the endpoint has two instances.
_PEAK_INSTANCES = 4
_PEAK_INSTANCES_UNSCALED = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run, with the minutes that it takes usually and at most."""

    does: str
    usually: int
    at_most: int


_PARTS = (
    Part("build, deploy the stack, wait for the endpoint", 12, 30),
    Part("uploads with odd keys, direct, inline, failed, rejected, parked", 10, 25),
    Part("answers in notifications, and without again (two updates of the stack)", 25, 45),
    Part("a roll-out, a rollback, an archive under models/", 40, 70),
    Part("routes that change, that are wrong, a target that is gone and back", 15, 30),
    Part("a second stack, deleted and deployed again under its name", 35, 60),
)
_SCALING = Part("scale to zero, wake, sleep, update asleep", 60, 110)
_REMOVAL = Part("remove everything", 10, 20)


@dataclass(frozen=True, slots=True)
class Plan:
    """`instance_price` is an hour of one instance in US dollars, or more."""

    name: str
    where: str
    instance_type: str
    instance_price: float
    scaling: bool

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*_PARTS, *((_SCALING,) if self.scaling else ()), _REMOVAL)

    @property
    def minutes(self) -> int:
        return sum(part.usually for part in self.parts)

    @property
    def limit_minutes(self) -> int:
        """After so long the run is ended; the removal follows."""
        return sum(part.at_most for part in self.parts) - _REMOVAL.at_most

    @property
    def instances(self) -> int:
        return _PEAK_INSTANCES if self.scaling else _PEAK_INSTANCES_UNSCALED

    @property
    def costs(self) -> Mapping[str, float]:
        """US dollars at most, if the run takes as long as it may."""
        hours = (self.limit_minutes + _REMOVAL.at_most) / 60
        return {
            f"{self.instances} instances at ${self.instance_price:.2f} an hour": hours
            * self.instances
            * self.instance_price,
            f"{_REQUESTS} requests": _REQUESTS * _REQUEST,
            f"{_ALARMS} alarms, {_METRICS} metrics": US_EAST_1.rates.alarm_metric_months.of(
                _ALARMS * hours / MONTH_HOURS
            )
            + US_EAST_1.rates.metric_months.of(_METRICS * hours / MONTH_HOURS),
        }

    def text(self) -> str:
        width = max(len(part.does) for part in self.parts)
        return "\n".join(
            (
                f"This deploys to {self.where}:",
                "",
                f"  the stack {self.name}, and for a while the stack {self.name}-second,",
                f"  each with an endpoint on {self.instance_type}"
                f" (at most {self.instances} instances at a time);",
                "  a bucket of artifacts; queues, a topic and an event bus as further targets.",
                f"  Every name begins with {self.name}.",
                "",
                *(f"  {part.does:<{width}}  {part.usually:>3} min" for part in self.parts),
                f"  {'in all, about':<{width}}  {self.minutes:>3} min",
                "",
                f"It is ended after {_hours(self.limit_minutes)}. Until then it costs at most, in "
                "US dollars:",
                "",
                *(f"  {what:<{width}}  {cost:>6.2f}" for what, cost in self.costs.items()),
                f"  {'in all, at most':<{width}}  {sum(self.costs.values()):>6.2f}",
                "",
                "Everything is removed at the end, also after a failure or Ctrl-C.",
            )
        )


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02} min"
