"""A message on the submit queue that is parked, comes again in part, or is ignored."""

from relay.delivery.report import Count, Level

from tests.support import samples
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.pipeline.submitting import THROTTLED, logged, put, upload
from tests.support.samples import SUBMIT_DEAD_LETTERS, SUBMIT_QUEUE


class TestAMessage:
    def test_that_is_unreadable_is_parked_as_it_is(self, pipeline: FakePipeline) -> None:
        pipeline.queues.put(SUBMIT_QUEUE, "order-33.csv is ready \N{SNOWMAN}")

        report = pipeline.deliver_to_submit()

        (parked,) = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        assert parked.body == "order-33.csv is ready \N{SNOWMAN}"
        attributes = dict(parked.attributes)
        assert attributes["reason"].startswith("not JSON")
        assert attributes["parked_by"] == "submit"
        assert report.counts == {Count.PARKED: 1}
        assert pipeline.queues.waiting(SUBMIT_QUEUE) == 0

    def test_of_which_one_record_is_unreadable_is_parked_and_the_others_are_submitted(
        self, pipeline: FakePipeline
    ) -> None:
        event = samples.upload("inputs/a.csv")
        event["Records"] += samples.upload("inputs/b.csv", bucket="/x")["Records"]
        event["Records"] += samples.upload("inputs/c.csv")["Records"]
        put(pipeline, event)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 2, Count.PARKED: 1}
        (parked,) = pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)
        assert dict(parked.attributes)["reason"] == (
            "Records[1].s3 is not an S3 location: '/x' is not the name of a bucket"
        )

    def test_that_cannot_be_parked_comes_back(self, pipeline: FakePipeline) -> None:
        pipeline.queues.put(SUBMIT_QUEUE, "no JSON")
        pipeline.faults.plan("queues.send", THROTTLED)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 1}
        assert [seconds for _, seconds in pipeline.inbox.delays] == [5]

    def test_with_several_requests_comes_back_only_for_those_that_must_wait(
        self, pipeline: FakePipeline
    ) -> None:
        put(pipeline, {"requests": [{"body": "1"}, {"body": "2"}, {"body": "3"}]})
        pipeline.faults.plan("endpoint.invoke", THROTTLED, nth=2)

        first = pipeline.deliver_to_submit()
        pipeline.clock.advance(60)
        second = pipeline.deliver_to_submit()

        assert first.counts == {Count.SUBMITTED: 2, Count.RETURNED: 1}
        assert second.counts == {Count.SUBMITTED: 1, Count.DUPLICATE: 2}
        bodies = [submission.request.body for submission in pipeline.endpoint.invocations]
        assert bodies == [b"1", b"3", b"2"]

    def test_with_several_requests_warns_when_some_may_be_inferred_twice(
        self, pipeline: FakePipeline
    ) -> None:
        put(pipeline, {"requests": [{"body": "1"}, {"body": "2"}]})
        pipeline.faults.plan("endpoint.invoke", THROTTLED, nth=2)
        pipeline.faults.plan("ledger.renew", THROTTLED)

        report = pipeline.deliver_to_submit()

        assert logged(report, Level.WARNING) == ["request may be inferred twice"]

    def test_whose_delay_cannot_be_set_comes_back_later(self, pipeline: FakePipeline) -> None:
        upload(pipeline, "inputs/a.csv")
        pipeline.endpoint.trouble = THROTTLED
        pipeline.faults.plan("queues.come_back", THROTTLED)

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.RETURNED: 1}
        assert logged(report, Level.WARNING) == ["visibility timeouts not set"]
        pipeline.endpoint.trouble = None
        pipeline.clock.advance(270)
        assert pipeline.deliver_to_submit().counts == {Count.SUBMITTED: 1}

    def test_of_s3_itself_is_ignored_and_counted(self, pipeline: FakePipeline) -> None:
        put(pipeline, {"Service": "Amazon S3", "Event": "s3:TestEvent"})

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.IGNORED: 1}
