"""`relayctl backfill preview` and `relayctl backfill start`."""

import io
import sys

import boto3
import pytest

from relayctl.deployment import Deployment
from tests.stateful.backfill.world import check_each_has_one_result, keys
from tests.support.relayctl.backfills import CalledBackfills
from tests.support.relayctl.commands import OUTPUTS, Commands, Ended, words

# 2,500 of 6 s, four at a time, are 62.5 minutes of one instance at $0.115 an hour.
SPEED = (
    *("--seconds-per-inference", "6", "--concurrent-invocations", "4", "--instances", "1"),
    *("--instance-dollars-per-hour", "0.115"),
)
SELECTION = (
    *("--prefix", "inputs/2025/", "--suffix", ".csv"),
    *("--modified-from", "2026-01-01", "--modified-to", "2026-06-01T12:00+02:00"),
    *("--min-bytes", "1", "--max-bytes", "100"),
)
SELECTED = {
    "prefix": "inputs/2025/",
    "suffix": ".csv",
    "modified_from": "2026-01-01T00:00:00+00:00",
    "modified_to": "2026-06-01T12:00:00+02:00",
    "min_bytes": 1,
    "max_bytes": 100,
}
MEASURED = {"seconds_per_inference": 6.0, "concurrent_invocations": 4, "instances": 1}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(relayctl: Commands, monkeypatch: pytest.MonkeyPatch, answer: str, *given: str) -> Ended:
    """Run `backfill start` on a terminal, where the question is answered."""
    confirmation = sys.modules["relayctl.confirmation"]
    terminal = type("System", (), {"stdin": Terminal(answer)})
    monkeypatch.setattr(confirmation, "sys", terminal)
    return relayctl("backfill", "start", *given)


class TestPreview:
    def test_counts_until_everything_is_counted(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        world.listing.put(*keys(2_500))
        budget = iter([20.0, 0.0, 20.0, 0.0, 20.0])
        world.budget.left = lambda: next(budget)  # type: ignore[method-assign]

        ended = relayctl("backfill", "preview", *SPEED, "--json")

        assert ended.exit == 0
        assert (ended.document["complete"], ended.document["objects"]) == (True, 2_500)
        assert ended.document["dollars"] == {"requests": 0.02, "instances": 0.12, "total": 0.14}
        assert len(world.members("preview")) == 3
        assert world.members("start") == []

    def test_shows_what_it_takes_and_what_is_assumed(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        world.listing.put(*keys(2_500))

        text = words(relayctl("backfill", "preview", *SPEED).out)

        assert "objects 2,500, 30.0 kB hours 1.04 dollars $0.14 within TTL 14,400" in text
        assert "assumed an inference takes 6 s" in text

    def test_says_what_is_not_known(self, world: CalledBackfills, relayctl: Commands) -> None:
        world.listing.put(*keys(100_000))

        text = words(relayctl("backfill", "preview").out)

        assert "hours not known dollars $0.96 without instances assumed" in text
        assert "hours are not known: give --seconds-per-inference" in text
        assert "of instances are not known: give --instance-dollars-per-hour" in text

    def test_selects_by_every_option(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "preview", "--bucket", "other", *SELECTION, *SPEED)

        assert world.members("preview") == [
            {"bucket": "other", **SELECTED, **MEASURED, "instance_dollars_per_hour": 0.115}
        ]
        # The inputs of this stack are in one bucket.
        assert (ended.exit, "bucket is 'other'; known are" in words(ended.err)) == (3, True)

    def test_refuses_a_time_that_is_none(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "preview", "--modified-from", "yesterday")

        assert (ended.exit, world.asked) == (2, [])
        assert "--modified-from is 'yesterday'" in ended.err

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--min-bytes", "2", "--max-bytes", "1"), "--min-bytes is more than --max-bytes"),
            (
                ("--modified-from", "2026-01-01", "--modified-to", "2026-01-01T00:00:00+00:00"),
                "--modified-from is not before --modified-to",
            ),
        ],
    )
    def test_refuses_limits_in_the_other_order(
        self, world: CalledBackfills, relayctl: Commands, options: tuple[str, ...], said: str
    ) -> None:
        ended = relayctl("backfill", "preview", *options)

        assert (ended.exit, world.asked) == (2, [])
        assert said in words(ended.err)

    def test_a_stack_without_the_function_says_so(self) -> None:
        deployment = Deployment("relay", boto3.Session(region_name="us-east-1"))
        deployment.__dict__["outputs"] = OUTPUTS
        deployment.__dict__["description"] = {"StackStatus": "CREATE_COMPLETE"}

        ended = Commands(deployment)("backfill", "preview")

        assert ended.exit == 3
        assert "has no output BackfillFunctionName" in words(ended.err)


class TestStart:
    def test_asks_with_count_hours_and_dollars(
        self, world: CalledBackfills, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.listing.put(*keys(2_500))

        ended = asked(relayctl, monkeypatch, "n\n", *SPEED)

        assert ended.exit == 1
        assert words(ended.err).endswith("[y/N] nothing was changed")
        assert "Submit 2,500 objects (30.0 kB), for about 1.04 hours and $0.14?" in words(ended.err)
        assert "assumed an instance costs $0.115 an hour" in words(ended.out)
        assert world.members("start") == []

    def test_starts_what_was_counted(
        self, world: CalledBackfills, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.listing.put(*keys(20))

        ended = asked(relayctl, monkeypatch, "y\n", "--name", "a", *SPEED)

        assert ended.exit == 0
        assert "a is running: relayctl backfill status a --wait" in words(ended.out)
        assert world.members("start") == [{"name": "a", **MEASURED}]
        world.run("a")
        check_each_has_one_result(world, keys(20))

    def test_without_a_terminal_it_needs_yes(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        world.listing.put(*keys(3))

        ended = relayctl("backfill", "start")

        assert (ended.exit, world.members("start")) == (2, [])
        assert "Submit 3 objects" in words(ended.err)

    def test_yes_neither_counts_nor_asks(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "start", "--name", "a", *SELECTION, "--yes", "--json")

        assert ended.exit == 0
        assert (ended.document["name"], ended.document["state"]) == ("a", "running")
        assert world.asked == [{"action": "start", "name": "a", **SELECTED}]

    def test_repeated_it_starts_nothing_twice(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        first = relayctl("backfill", "start", "--name", "a", *SELECTION, "--yes", "--json")

        again = relayctl("backfill", "start", "--name", "a", *SELECTION, "--yes", "--json")

        assert (again.exit, again.document) == (0, first.document)

    def test_says_why_a_second_one_is_refused(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        relayctl("backfill", "start", "--name", "a", "--yes")

        ended = relayctl("backfill", "start", "--name", "b", "--yes")

        assert ended.exit == 3
        assert "backfill 'a' runs, and one runs at a time" in words(ended.err)

    def test_starts_nothing_where_nothing_is_selected(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        ended = relayctl("backfill", "start")

        assert (ended.exit, world.members("start")) == (1, [])
        assert "nothing was started" in ended.out
