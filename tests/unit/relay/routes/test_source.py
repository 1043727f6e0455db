"""Which routes are in force while the document changes, turns bad, or cannot be read."""

import json
from datetime import timedelta

import pytest
from relay.delivery.report import Count, Level, Report
from relay.errors import TransientError, UnexpectedError
from relay.routes.source import LastGoodRoutes

from tests.support.fakes.ports import FakeClock, FakeRouteDocuments

A, B = (
    json.dumps({"otherwise": {"to": f"arn:aws:sqs:us-east-1:000000000000:{name}"}})
    for name in ("a", "b")
)
BAD = '{"otherwise": {"too": "arn:aws:sqs:us-east-1:000000000000:c"}}'


class World:
    def __init__(self, *versions: str) -> None:
        self.clock = FakeClock()
        self.documents = FakeRouteDocuments(*versions)
        self.source = LastGoodRoutes(self.documents, self.clock, pause=timedelta(seconds=60))
        self.report = Report()

    def target(self) -> str:
        """The queue to which everything goes now; `report` is of this question alone."""
        self.report = Report()
        return self.source.current(self.report).otherwise.target.name

    @property
    def errors(self) -> list[str]:
        return [
            value
            for note in self.report.notes
            if note.level is Level.ERROR
            for name, value in note.fields
        ]


def test_a_new_document_is_in_force_as_soon_as_it_is_seen() -> None:
    world = World(A)
    assert world.target() == "a"

    world.documents.versions.append(B)

    assert world.target() == "b"
    assert not world.report.notes


def test_the_document_may_come_from_a_cache_until_there_is_trouble_and_after_it() -> None:
    world = World(A)
    world.target()
    world.target()
    assert world.documents.afresh == 0

    world.documents.versions.append(BAD)
    world.target()
    world.documents.versions.append(B)
    world.clock.advance(60)
    assert world.target() == "b"
    assert world.documents.afresh == 1

    world.target()
    assert world.documents.afresh == 1


def test_a_document_that_did_not_change_is_not_compiled_again() -> None:
    world = World(A)

    first = world.source.current(world.report)

    assert world.source.current(world.report) is first


def test_a_document_that_turns_bad_leaves_the_last_good_one_in_force() -> None:
    world = World(A, B)
    world.target()

    world.documents.versions.append(BAD)

    assert world.target() == "b"
    assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}
    assert world.errors == ["otherwise.too is not known; did you mean to?; otherwise.to is missing"]


def test_a_bad_document_is_reported_again_only_after_a_pause() -> None:
    world = World(A)
    world.target()
    world.documents.versions.append(BAD)
    world.target()
    asked = world.documents.asked

    world.clock.advance(59)
    assert world.target() == "a"
    assert (world.report.counts, world.documents.asked) == ({}, asked)

    world.clock.advance(1)
    assert world.target() == "a"
    assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}


def test_a_corrected_document_is_in_force_after_the_pause_and_nothing_is_reported() -> None:
    world = World(A)
    world.target()
    world.documents.versions.append(BAD)
    world.target()
    world.documents.versions.append(B)
    world.clock.advance(60)

    assert world.target() == "b"
    assert not world.report.notes


def test_a_parameter_that_cannot_be_read_leaves_the_last_good_routes_in_force() -> None:
    world = World(A)
    world.target()
    world.documents.trouble = TransientError("read parameter /relay/routes: no answer")

    assert world.target() == "a"
    assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}
    assert world.errors == ["read parameter /relay/routes: no answer"]


class TestAtAColdStart:
    def test_the_latest_version_that_can_be_used_is_in_force(self) -> None:
        world = World(A, B, BAD, "")

        assert world.target() == "b"
        assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}
        assert world.errors == ["line 1, column 1: it is not JSON: Expecting value"]
        assert "version 2 of the routes is in force" in [note.text for note in world.report.notes]

    def test_the_history_is_read_once(self) -> None:
        world = World(A, BAD)
        world.target()
        asked = world.documents.asked
        world.clock.advance(60)

        world.target()

        assert world.documents.asked == asked + 1

    def test_without_any_version_that_can_be_used_results_wait(self) -> None:
        world = World(BAD, "")

        with pytest.raises(TransientError, match=r"no version of the routes is valid: line 1"):
            world.target()
        assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}

        world.documents.versions.append(A)
        assert world.target() == "a"

    def test_a_parameter_that_cannot_be_read_is_asked_for_again_at_once(self) -> None:
        world = World(A)
        world.documents.trouble = TransientError("no answer")
        with pytest.raises(TransientError, match="no answer"):
            world.target()
        assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}

        world.documents.trouble = None

        assert world.target() == "a"


def test_an_unexpected_error_of_the_parameter_leaves_the_last_good_document_in_force() -> None:
    world = World(A)
    world.target()
    world.documents.trouble = KeyError("Parameter")

    assert world.target() == "a"
    assert world.report.counts == {Count.ROUTES_UNUSABLE: 1}
    assert world.errors[0].startswith("read the routes: KeyError at ")


def test_an_unexpected_error_of_the_first_reading_is_raised() -> None:
    world = World(A)
    world.documents.trouble = KeyError("Parameter")

    with pytest.raises(UnexpectedError, match="read the routes"):
        world.target()


def test_a_clock_that_steps_back_does_not_prolong_the_pause() -> None:
    world = World(A)
    world.target()
    world.documents.versions.append(BAD)
    world.target()
    world.documents.versions.append(B)

    world.clock.advance(-3_600)

    assert world.target() == "b"
