"""Notifications on their way: lost, doubled, late, refused."""

import asyncio
from typing import Any

from async_endpoint_emulator.counters import Counters
from async_endpoint_emulator.faults import FaultInjector, Faults
from async_endpoint_emulator.inference.notifications import Publisher
from botocore.exceptions import ClientError


class FakeTopics:
    def __init__(self, error: ClientError | None = None) -> None:
        self.published: list[str] = []
        self.error = error

    async def publish(self, role_arn: str, topic: str, message: str) -> None:
        if self.error:
            raise self.error
        self.published.append(message)


def publish(faults: Faults, *messages: str, topics: FakeTopics | None = None) -> Any:
    topics = topics or FakeTopics()
    counters = Counters()

    async def run() -> None:
        publisher = Publisher(topics, FaultInjector(faults), counters)
        for message in messages:
            await publisher.publish("role", "topic", message)
        await asyncio.sleep(0)
        await publisher.close()

    asyncio.run(run())
    return topics.published, counters


def test_without_faults_each_is_published_once() -> None:
    published, counters = publish(Faults(), "a", "b")

    assert published == ["a", "b"]
    assert counters.notifications_published == 2


def test_a_lost_notification_is_counted() -> None:
    published, counters = publish(Faults(lose_notification=1), "a")

    assert published == []
    assert counters.notifications_lost == 1


def test_a_duplicated_one_comes_twice() -> None:
    published, counters = publish(Faults(duplicate_notification=1), "a")

    assert published == ["a", "a"]
    assert counters.notifications_duplicated == 1


def test_a_delayed_one_comes_after_the_next() -> None:
    topics, counters = FakeTopics(), Counters()
    injector = FaultInjector(Faults(delay_notification=1, delay_seconds=3600))

    async def run() -> None:
        publisher = Publisher(topics, injector, counters)
        await publisher.publish("role", "topic", "first")
        injector.replace(Faults())
        await publisher.publish("role", "topic", "second")
        await publisher.close()

    asyncio.run(run())

    assert topics.published == ["second", "first"]
    assert counters.notifications_delayed == 1


def test_a_delayed_one_comes_alone_when_none_follows() -> None:
    topics, counters = FakeTopics(), Counters()

    async def run() -> None:
        faults = FaultInjector(Faults(delay_notification=1, delay_seconds=0))
        publisher = Publisher(topics, faults, counters)
        await publisher.publish("role", "topic", "only")
        async with asyncio.timeout(5):
            while not topics.published:
                await asyncio.sleep(0)

    asyncio.run(run())

    assert topics.published == ["only"]


def test_a_refused_one_is_counted_and_not_repeated() -> None:
    refused = ClientError({"Error": {"Code": "AuthorizationError", "Message": "no"}}, "Publish")

    published, counters = publish(Faults(), "a", topics=FakeTopics(refused))

    assert published == []
    assert counters.notification_failures == 1
