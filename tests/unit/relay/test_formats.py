"""What later code has written waits until that code is deployed again.

So it is after a deployment is rolled back: nothing is lost, parked or misread meanwhile.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest
from relay.aws.dynamodb import attempt_items, record_store
from relay.delivery.report import Count, Level
from relay.errors import NewerFormat
from relay.events import direct_calls, sagemaker
from relay.events.sagemaker import own_notification
from relay.formats import ATTEMPT, CALL, FORMATS, RECORD, Format
from relay.model import AttemptState, Outcome, RequestState
from relay.reconcile.listing import ListQuery, list_page
from relay.reconcile.status import status

from tests.support import samples
from tests.support.attempt_items import Item
from tests.support.aws_fake.services.dynamodb import Tables
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.reconciling import Search
from tests.support.pipeline.submitting import own_call, put, upload
from tests.support.provisioning.properties import ENDPOINT
from tests.support.provisioning.requests import create, deploy
from tests.support.provisioning.world import World
from tests.support.samples import (
    NOTIFICATION_DEAD_LETTERS,
    NOTIFICATION_QUEUE,
    SUBMIT_DEAD_LETTERS,
    SUBMIT_QUEUE,
    Json,
)

ID, OTHER = "a" * 32, "b" * 32
HOUR = 3_720  # and the minutes by which the index may be late


@contextmanager
def later_code() -> Iterator[None]:
    """Code that reads one more version of each format, and of which nothing else differs."""
    with ExitStack() as patches:
        for module, name in (
            (attempt_items, "ATTEMPT"),
            (record_store, "RECORD"),
            (direct_calls, "CALL"),
            (sagemaker, "NOTIFICATION"),
        ):
            known: Format = getattr(module, name)
            later = replace(known, versions=(*known.versions, "more"), written=newer(known))
            patches.enter_context(patch.object(module, name, later))
        yield


def newer(format_: Format) -> int:
    return len(format_.versions) + 1


def make_newer(item: Item) -> None:
    request = json.loads(item["request"]["S"])
    item["request"] = {"S": json.dumps({**request, "format": newer(ATTEMPT)})}


def notify(pipeline: FakePipeline, inference_id: str) -> None:
    notification = samples.sns_envelope(samples.completed(inference_id))
    pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(notification))


def subjects(pipeline: FakePipeline) -> list[str]:
    return [json.loads(message.body)["id"] for message in pipeline.results()]


class TestACallOnTheSubmitQueue:
    @pytest.fixture
    def call(self, pipeline: FakePipeline) -> Json:
        with later_code():
            call = cast(Json, own_call(ID, 1))
        # Later code may have changed everything below the version.
        assert call.pop("requests")
        put(pipeline, {**call, "requests": {"what": "else"}, "colour": "red"})
        return call

    def test_says_its_version(self, call: Json) -> None:
        assert call["eventVersion"] == f"{newer(CALL)}.0"

    def test_comes_again_after_a_delay_and_is_counted_and_logged(
        self, pipeline: FakePipeline, call: Json
    ) -> None:
        (beside,) = upload(pipeline, "inputs/beside.csv")

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        assert [delay for _, delay in pipeline.inbox.delays] == [5]
        (note,) = [note for note in report.notes if note.level is Level.ERROR]
        assert "deploy the later version again" in dict(note.fields)["error"]
        assert list(pipeline.ledger.table) == [beside]
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 1

    def test_is_parked_with_the_reason_before_the_queue_deletes_it(
        self, pipeline: FakePipeline, call: Json
    ) -> None:
        for day in range(11):
            assert pipeline.queues.waiting(SUBMIT_DEAD_LETTERS) == (day > 10)
            pipeline.deliver_to_submit()
            pipeline.clock.advance(86_400)

        (parked,) = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        assert dict(parked.attributes)["reason"].startswith("given up after 10 days: call of the")

    def test_waits_for_later_code(self, pipeline: FakePipeline) -> None:
        with later_code():
            put(pipeline, own_call(ID, 1))
        pipeline.deliver_to_submit()
        pipeline.clock.advance(5)

        with later_code():
            pipeline.deliver_to_submit()
            notify(pipeline, ID)
            pipeline.deliver_to_route()

        assert subjects(pipeline) == [ID]


class TestANotificationOfTheRelay:
    def test_waits_for_later_code(self, pipeline: FakePipeline) -> None:
        pipeline.ledger.items[ID] = samples.attempt(ID)
        with later_code():
            body = own_notification(ID, Outcome.REJECTED, "relay", "too large")
        pipeline.queues.put(NOTIFICATION_QUEUE, body)

        report = pipeline.deliver_to_route()
        assert report.counts == {Count.BROKEN: 1, Count.RETURNED: 1}
        assert pipeline.ledger.states == {ID: AttemptState.OPEN}
        pipeline.clock.advance(5)
        with later_code():
            pipeline.deliver_to_route()

        assert subjects(pipeline) == [ID]

    def test_that_came_through_a_topic_is_parked(self, pipeline: FakePipeline) -> None:
        with later_code():
            body = own_notification(ID, Outcome.REJECTED, "relay", "too large")
        pipeline.queues.put(NOTIFICATION_QUEUE, json.dumps(samples.sns_envelope(body)))

        pipeline.deliver_to_route()

        assert pipeline.queues.waiting(NOTIFICATION_DEAD_LETTERS) == 1


class TestAnItemOfTheLedger:
    def test_says_its_version_only_from_the_second_on(self) -> None:
        """A usual item stays within the 1,024 bytes of a write unit."""
        first = attempt_items.to_item(samples.attempt(ID))
        with later_code():
            second = attempt_items.to_item(samples.attempt(ID))

        assert "format" not in json.loads(cast(Item, first)["request"]["S"])
        assert json.loads(cast(Item, second)["request"]["S"])["format"] == newer(ATTEMPT)

    def test_is_neither_closed_nor_changed_by_its_notification(
        self, pipeline: FakePipeline
    ) -> None:
        pipeline.ledger.items[ID], pipeline.ledger.items[OTHER] = map(samples.attempt, (ID, OTHER))
        make_newer(pipeline.ledger.table[ID])
        before = dict(pipeline.ledger.table[ID])
        notify(pipeline, ID)
        notify(pipeline, OTHER)

        report = pipeline.deliver_to_route()
        assert report.counts == {Count.COMPLETED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        assert pipeline.ledger.table[ID] == before
        pipeline.clock.advance(5)
        with later_code():
            pipeline.deliver_to_route()

        assert subjects(pipeline) == [OTHER, ID]
        assert pipeline.ledger.states == dict.fromkeys((ID, OTHER), AttemptState.COMPLETED)

    def test_is_not_claimed_again(self, pipeline: FakePipeline) -> None:
        (request_id,) = upload(pipeline, "inputs/a.csv")
        pipeline.ledger.items[request_id] = samples.attempt(request_id)
        make_newer(pipeline.ledger.table[request_id])
        before = dict(pipeline.ledger.table[request_id])

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.BROKEN: 1, Count.RETURNED: 1}
        assert [note.text for note in report.notes if note.level is Level.ERROR] == ["deferred"]
        assert pipeline.ledger.table[request_id] == before

    def test_keeps_the_version_with_which_it_was_inserted(self, pipeline: FakePipeline) -> None:
        """Earlier code that has read it before may go on with it."""
        pipeline.ledger.items[ID] = samples.attempt(ID)
        before = pipeline.ledger.table[ID]["request"]
        notify(pipeline, ID)

        with later_code():
            pipeline.deliver_to_route()

        assert pipeline.ledger.states == {ID: AttemptState.COMPLETED}
        assert pipeline.ledger.table[ID]["request"] == before

    def test_is_unreadable_in_a_status_and_in_a_list(self) -> None:
        search = Search()
        search.overdue(ID, OTHER)
        make_newer(search.ledger.table[ID])
        search.begin()

        assert status(ID, search.ledger).state is RequestState.UNREADABLE
        query = ListQuery(since=search.clock.now() - timedelta(hours=9))
        page = list_page(query, search.ledger, search.clock, search.budget)
        assert {each.request_id: each.state for each in page.requests} == {
            ID: RequestState.UNREADABLE,
            OTHER: RequestState.SUBMITTED,
        }


class TestAnOverdueItem:
    def test_is_looked_at_every_hour_and_reported_by_later_code(self) -> None:
        search = Search()
        search.overdue(ID, OTHER)
        make_newer(search.ledger.table[ID])
        before = dict(search.ledger.table[ID])

        report = search.run()
        assert search.reported == [OTHER]
        assert report.counts == {Count.OVERDUE: 1, Count.BROKEN: 1, Count.POSTPONED: 1}
        assert isinstance(report.failure, NewerFormat)
        # Only its place in the index, which every version of the code finds.
        assert search.ledger.table[ID] | {"due": 0, "due_shard": 0} == before | {
            "due": 0,
            "due_shard": 0,
        }
        search.clock.advance(HOUR)
        with later_code():
            search.run()

        assert search.reported == [OTHER, ID]


class TestARecordOfAnEndpoint:
    @pytest.fixture
    def tables(self) -> Tables:
        return Tables()

    @pytest.fixture
    def world(self, tables: Tables) -> World:
        """A deployment whose endpoint is in service, with a record of later code."""
        world = World()
        client = cast(Any, SimpleNamespace(**tables.operations))
        world.store = cast(Any, record_store.DynamoDbRecordStore(client, "ledger", world.clock))
        with later_code():
            world.run(create())
        return world

    def test_says_its_version(self, world: World, tables: Tables) -> None:
        (item,) = tables.items.values()

        assert item["format"] == {"N": str(newer(RECORD))}

    def test_is_not_changed(self, world: World, tables: Tables) -> None:
        before = dict(tables.items)

        for wake_up in (deploy("s3://bucket/models/new.tar.gz"), create("create-2")):
            with pytest.raises(NewerFormat):
                world.wake(wake_up)
        with pytest.raises(NewerFormat):
            world.sweep()
        with pytest.raises(NewerFormat):
            world.store.lease(ENDPOINT)

        assert [{**item, "leased_until": 0} for item in tables.items.values()] == [
            {**item, "leased_until": 0} for item in before.values()
        ]
        assert len(world.answers) == 1

    def test_is_used_by_later_code(self, world: World) -> None:
        with later_code():
            world.run(deploy("s3://bucket/models/new.tar.gz"))

            assert world.roll_outs[0] == ("s3://bucket/models/new.tar.gz", "succeeded")


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_what_is_written_can_be_read(format_: Format) -> None:
    format_.check(format_.mark)
    format_.check(format_.written)
    format_.check_event(format_.event_version)
    assert format_.event_version == f"{format_.written}.0"


@pytest.mark.parametrize("version", ["2", 0, -1, 1.0, True, [2]])
def test_what_is_no_version_is_an_error(version: object) -> None:
    with pytest.raises(ValueError, match="no whole number"):
        ATTEMPT.check(version)
