"""How long what cannot be submitted now waits."""

from dataclasses import replace
from datetime import timedelta

from relay.delivery.backoff import back_off, come_back_seconds
from relay.delivery.conclude import conclude
from relay.delivery.dispositions import TryAgain
from relay.delivery.report import Report
from relay.model import Delivery, Incoming, InferenceRequest, Job
from relay.submit.jobs import jobs
from relay.submit.output_locations import OutputLocations
from relay.submit.requeue import requeue

from tests.support import samples
from tests.support.fakes.ports import FakeClock
from tests.support.fakes.queues import FakeInbox, FakeQueues
from tests.support.samples import NOON, SUBMIT_QUEUE


def wait(*incoming: Incoming[InferenceRequest]) -> tuple[Report, FakeInbox, FakeQueues]:
    queues = FakeQueues(FakeClock())
    inbox = FakeInbox(queues, SUBMIT_QUEUE)
    report = Report()
    locations = OutputLocations(samples.OUTPUTS, samples.INPUT_FOLDERS, mirror=False)
    made = jobs(incoming, samples.submit_settings(), NOON, locations)
    waiting = [TryAgain(job) for job in made if isinstance(job, Job)]
    conclude(requeue(waiting, queues, SUBMIT_QUEUE), report)
    back_off(report, inbox, NOON)
    return report, inbox, queues


def test_each_wait_is_twice_the_last_one_up_to_fifteen_minutes() -> None:
    assert [come_back_seconds(count) for count in (1, 2, 3, 8, 9, 100)] == [
        5, 10, 20, 640, 900, 900,
    ]  # fmt: skip


def test_a_message_with_several_requests_is_given_back_once() -> None:
    two = (InferenceRequest("1", body=b""), InferenceRequest("2", body=b""))

    report, inbox, _ = wait(Incoming(samples.delivery("m-1", receive_count=3), two))

    assert list(report.returned) == ["m-1"]
    assert inbox.delays == [("m-1", 20)]


def test_what_no_queue_holds_gets_a_message_of_its_own() -> None:
    two = (InferenceRequest("1", body=b""), InferenceRequest("2", body=b""))

    report, inbox, queues = wait(Incoming(Delivery("invocation-1", "{}"), two))

    assert [answer.status for answer in report.answers] == ["queued", "queued"]
    assert [message.delay_seconds for message in queues.sent] == [5, 5]
    assert (report.returned, inbox.delays) == ({}, [])


def test_the_age_of_the_oldest_message_that_comes_again_is_reported() -> None:
    """SQS leaves a message out of its own metric after three receives."""
    old, older = (
        replace(samples.delivery(name, receive_count=9), sent_at=NOON - timedelta(minutes=minutes))
        for name, minutes in (("m-1", 10), ("m-2", 90))
    )
    one = (InferenceRequest("1", body=b""),)
    two = (InferenceRequest("2", body=b""),)

    report, _, _ = wait(Incoming(old, one), Incoming(older, two))

    assert report.oldest_returned_seconds == 90 * 60
    assert wait()[0].oldest_returned_seconds is None


def test_nothing_to_wait_for_is_nothing_to_do() -> None:
    report, inbox, queues = wait()

    assert (report.returned, inbox.delays, queues.sent) == ({}, [], [])
