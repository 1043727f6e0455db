"""`relayctl backfill status` and `relayctl backfill list`."""

from dataclasses import replace

import pytest
from relay.backfill.record import BackfillState

from tests.stateful.backfill.world import keys
from tests.support.relayctl.backfills import CalledBackfills
from tests.support.relayctl.commands import Commands, words

pytestmark = pytest.mark.usefixtures("started")


class TestStatus:
    def test_shows_how_far_it_is(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "status")

        assert ended.exit == 0
        text = words(ended.out)
        assert text.startswith("backfill a running selection s3://")
        assert "inputs/, modified_to" in text
        assert "objects 100 sent 10, of which about 10 have not ended ended 0.0 %" in text
        assert "next wait: requests are sent as fast as the endpoint ends them" in text

    def test_is_the_answer_of_the_function_as_json(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        ended = relayctl("backfill", "status", "a", "--json")

        assert ended.document == world.call("status", name="a")

    def test_a_problem_needs_a_person(self, world: CalledBackfills, relayctl: Commands) -> None:
        record = world.store.load("a")
        assert record is not None
        world.store.save(replace(record, state=BackfillState.PAUSED, problem="access was denied"))

        ended = relayctl("backfill", "status")

        assert ended.exit == 1
        assert "problem access was denied" in words(ended.out)
        assert "then relayctl backfill resume a" in words(ended.out)

    def test_counts_the_ends_and_names_the_command_for_failed_ones(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        world.fails.update(keys(100)[-3:])
        world.run("a")

        text = words(relayctl("backfill", "status").out)

        assert "ended 100.0 % outcomes 97 completed, 3 failed" in text
        assert "then relayctl backfill retry-failed a" in text

    def test_names_what_is_not_known(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "status", "b")

        assert ended.exit == 3
        assert "there is no backfill 'b'; known are: a" in words(ended.err)


class TestWait:
    def test_follows_to_the_end(self, world: CalledBackfills, relayctl: Commands) -> None:
        ended = relayctl("backfill", "status", "--wait", "--json")

        assert ended.exit == 0
        assert ended.document["state"] == "completed"
        assert ended.document["ended"]["completed"] == 100
        lines = ended.err.splitlines()
        assert lines[0] == "a running, 0 %"
        assert lines[-1] == "a completed, 100 %"
        assert len(lines) == len(set(lines))

    def test_follows_the_one_that_it_found(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        relayctl("backfill", "status", "--wait")

        first, *others = world.members("status")
        assert (first, {each["name"] for each in others}) == ({}, {"a"})

    def test_follows_one_whose_objects_are_not_counted_yet(
        self, world: CalledBackfills, relayctl: Commands
    ) -> None:
        world.call("cancel")
        world.call("start", name="b")

        ended = relayctl("backfill", "status", "--wait")

        assert ended.exit == 0
        assert ended.err.splitlines()[0] == "b running, counting objects"

    def test_shows_a_bar_on_a_terminal(
        self, world: CalledBackfills, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")

        ended = relayctl("backfill", "status", "--wait")

        assert "100/100" in ended.err
        assert "a running, 0 %" not in ended.err

    @pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("cancel", "cancelled")])
    def test_ends_with_1_if_it_does_not_complete(
        self,
        world: CalledBackfills,
        relayctl: Commands,
        monkeypatch: pytest.MonkeyPatch,
        verb: str,
        state: str,
    ) -> None:
        monkeypatch.setattr("relayctl.backfills.waiting.sleep", lambda _: world.call(verb))

        ended = relayctl("backfill", "status", "--wait", "--json")

        assert (ended.exit, ended.document["state"]) == (1, state)

    def test_an_interruption_ends_nothing(
        self, world: CalledBackfills, relayctl: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("relayctl.backfills.waiting.sleep", interrupted)

        ended = relayctl("backfill", "status", "--wait")

        assert ended.exit == 130
        assert "the backfill goes on: relayctl backfill status a" in words(ended.err)
        assert world.call("status")["state"] == "running"


class TestList:
    def test_shows_the_newest_first(self, world: CalledBackfills, relayctl: Commands) -> None:
        world.fails.update(keys(100)[-3:])
        world.run("a")
        world.call("start", name="b")

        ended = relayctl("backfill", "list")

        rows = [row.split() for row in ended.out.splitlines()[1:]]
        assert rows[0][:4] == ["b", "running", "counting", "0"]
        assert rows[1][:7] == ["a", "completed", "100.0", "%", "100", "100", "3"]

    def test_is_a_document(self, world: CalledBackfills, relayctl: Commands) -> None:
        assert relayctl("backfill", "list", "--json").document == world.call("list")

    def test_says_what_starts_one(self, world: CalledBackfills, relayctl: Commands) -> None:
        world.store.items.clear()

        ended = relayctl("backfill", "list")

        assert (ended.exit, "relayctl backfill start" in ended.out) == (0, True)
