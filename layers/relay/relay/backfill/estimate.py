"""The preview of a backfill: how many objects, how long, and what it costs."""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Self

from relay.backfill.ports import Listing
from relay.backfill.selection import Selection
from relay.errors import NotTried

PAGE: Final = 1_000
_TOKEN = re.compile(r"(\d{1,15})/(\d{1,18})/(\d{1,15})/(.*)", re.DOTALL)
# Dollars of a million requests at list prices of us-east-1, in batches of 100: the relay's own, and
# S3's for reading the input and writing the output. docs/explanation/cost.md has the calculation.
RELAY_DOLLARS: Final = 4.22
S3_DOLLARS: Final = 5.40
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Tally:
    """What a preview has counted up to the key `after`. `left_out` were modified too late."""

    objects: int = 0
    bytes: int = 0
    left_out: int = 0
    after: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a position of a preview. Raises ValueError."""
        if not (match := _TOKEN.fullmatch(text)):
            raise ValueError("not a position of a preview")
        return cls(int(match[1]), int(match[2]), int(match[3]), match[4])

    def __str__(self) -> str:
        return f"{self.objects}/{self.bytes}/{self.left_out}/{self.after}"


@dataclass(frozen=True, slots=True)
class EndpointSpeed:
    """What a preview assumes of the endpoint. `instance_dollars` is for an hour of an instance."""

    seconds_per_inference: float | None = None
    instances: int = 1
    concurrent: int = 1
    instance_dollars: float | None = None

    @property
    def per_minute(self) -> float | None:
        """How many requests end in a minute, if the time of one is known."""
        if self.seconds_per_inference is None:
            return None
        return 60 / self.seconds_per_inference * self.instances * self.concurrent


def tally(selection: Selection, start: Tally, listing: Listing) -> tuple[Tally, bool]:
    """Count the selected objects from a position on, until no time is left for another page. Also
    return whether the end was reached.

    Raises:
        RelayError: the bucket cannot be listed.
    """
    counted, last = start, False
    with suppress(NotTried):
        while not last:
            page = listing.page(selection.bucket, selection.prefix, counted.after, PAGE)
            selected = [found.size for found in page.objects if selection.takes(found)]
            counted = replace(
                counted,
                objects=counted.objects + len(selected),
                bytes=counted.bytes + sum(selected),
                left_out=counted.left_out + sum(map(selection.takes_but_for_age, page.objects)),
                after=page.objects[-1].location.key if page.objects else counted.after,
            )
            last = page.last
    return counted, last


def estimate(
    selection: Selection,
    counted: Tally,
    speed: EndpointSpeed,
    measured: float | None,
    ttl_seconds: int,
) -> dict[str, object]:
    """Return the hours and the dollars of so many objects, with what is assumed.

    `measured` is how many requests ended in a minute in an earlier backfill, if there was one.
    """
    per_minute = speed.per_minute or measured
    relay = counted.objects * (RELAY_DOLLARS + S3_DOLLARS) / _MILLION
    hours = None if per_minute is None else counted.objects / per_minute / 60
    instances = None
    if hours is not None and speed.instance_dollars is not None:
        instances = hours * speed.instances * speed.instance_dollars
    members: dict[str, object] = {
        "selection": selection.to_json(),
        "objects": counted.objects,
        "bytes": counted.bytes,
        "left_out": counted.left_out or None,
        "hours": None if hours is None else round(hours, 2),
        "dollars": {
            "requests": round(relay, 2),
            "instances": None if instances is None else round(instances, 2),
            "total": None if instances is None else round(relay + instances, 2),
        },
        "assumed": _assumed(speed, measured, counted),
        "within_ttl": None if per_minute is None else int(per_minute * ttl_seconds / 60),
    }
    return {name: value for name, value in members.items() if value is not None}


def _assumed(speed: EndpointSpeed, measured: float | None, counted: Tally) -> list[str]:
    """Return a sentence for each assumption, and for what a caller can state."""
    texts = [
        f"a million requests cost ${RELAY_DOLLARS} for the relay in batches of 100 and "
        f"${S3_DOLLARS:.2f} for S3, at list prices of us-east-1"
    ]
    if speed.seconds_per_inference is not None:
        infer = (
            f"1 instance infers {speed.concurrent} at a time"
            if speed.instances == 1
            else f"{speed.instances} instances infer {speed.concurrent} at a time each"
        )
        texts.append(f"an inference takes {speed.seconds_per_inference:g} s, and {infer}")
    elif measured is not None:
        texts.append(f"the endpoint ends {measured:.0f} requests a minute, as it did last time")
    else:
        texts.append("hours are not known: give seconds_per_inference")
    if speed.instance_dollars is None:
        texts.append("dollars of instances are not known: give instance_dollars_per_hour")
    else:
        texts.append(f"an instance costs ${speed.instance_dollars:g} an hour")
    if counted.left_out:
        texts.append(
            f"{counted.left_out:,} objects are left out because they were modified at modified_to "
            "or later: S3 announces each upload to the stack, and it has a request already"
        )
    return texts
