"""Schedule expressions of Application Auto Scaling: when a scheduled action runs next.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RATE: Final = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_PART: Final = re.compile(r"(?P<first>\w+|\*)(-(?P<last>\w+))?(/(?P<step>[1-9]\d*))?")

_MONTHS: Final = (
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
)
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
# 29 February on a given day of the week comes within 28 years, or 40 around 2100.
_LONGEST_WAIT: Final = timedelta(days=366 * 41)


class Schedule(Protocol):
    """When something runs."""

    def after(self, moment: datetime) -> datetime | None:
        """The next time in UTC, later than `moment`; None where there is none."""


@dataclass(frozen=True, slots=True)
class At:
    """Once."""

    time: datetime

    def after(self, moment: datetime) -> datetime | None:
        return self.time if self.time > moment else None


@dataclass(frozen=True, slots=True)
class Rate:
    """At a regular interval."""

    interval: timedelta

    def after(self, moment: datetime) -> datetime | None:
        return moment + self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes whose fields are all in these sets; days of the week from 1, Sunday."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        today = moment.astimezone(self.zone).date()
        for days in range(_LONGEST_WAIT.days):
            for time in self._times(today + timedelta(days=days)):
                if time > moment:
                    return time
        return None

    def _times(self, day: date) -> Iterator[datetime]:
        """The times of a day, without those that a change of the clock leaves out."""
        weekday = day.isoweekday() % 7 + 1
        if day.year not in self.years or day.month not in self.months:
            return
        if day.day not in self.days or weekday not in self.weekdays:
            return
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                time = local.astimezone(UTC)
                if time.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield time


def parse(expression: str, timezone: str = "UTC") -> Schedule:
    """Read `at(…)`, `rate(…)` or `cron(…)`; a rate has no time zone.

    Raises:
        ValueError: it is none of them, or the time zone is not known here.
    """
    if rate := _RATE.fullmatch(expression):
        return Rate(timedelta(**{f"{rate[2]}s": int(rate[1])}))
    zone = _zone(timezone)
    if at := _AT.fullmatch(expression):
        return At(datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC))
    if cron := _CRON.fullmatch(expression):
        return _cron(cron.groups(), zone)
    raise ValueError(f"Invalid schedule expression: {expression}")


def _zone(name: str) -> tzinfo:
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"Invalid time zone: {name}") from error


def _cron(fields: tuple[str, ...], zone: tzinfo) -> Cron:
    minutes, hours, days, months, weekdays, years = fields
    # Of the two fields for days, one is a question mark.
    if [days, weekdays].count("?") != 1:
        raise ValueError(f"Invalid schedule expression: cron({' '.join(fields)})")
    return Cron(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        days=_numbers(days.replace("?", "*"), 1, 31),
        months=_numbers(months, 1, 12, _MONTHS),
        weekdays=_numbers(weekdays.replace("?", "*"), 1, 7, _DAYS),
        years=_numbers(years, _FIRST_YEAR, _LAST_YEAR),
        zone=zone,
    )


def _numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """The numbers of a field: lists, ranges and steps. `L`, `W` and `#` are not known here."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"Invalid field of a cron expression: {field}")
        first, last, step = match["first"], match["last"], match["step"]
        start = least if first == "*" else _number(first, names)
        end = most if first == "*" or step else start
        if last:
            end = _number(last, names)
        if not least <= start <= end <= most:
            raise ValueError(f"Invalid field of a cron expression: {field}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: tuple[str, ...]) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + 1
    if not text.isdecimal():
        raise ValueError(f"Invalid value in a cron expression: {text}")
    return int(text)
