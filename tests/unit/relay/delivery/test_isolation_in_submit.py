"""A bug in submit harms only the request that meets it."""

import pytest
from relay.delivery.report import Count, Level
from relay.delivery.responses import Incomplete, respond
from relay.errors import TransientError
from relay.ids import request_id_of_caller
from relay.submit.output_locations import OutputLocations

from tests.support import samples
from tests.support.pipeline.bugs import (
    SECRET,
    assert_parked,
    break_function,
    break_port,
    call,
    inject,
    put_all,
    receive_five_times,
)
from tests.support.pipeline.notifying import logged
from tests.support.pipeline.pipelines import FakePipeline
from tests.support.samples import SUBMIT_DEAD_LETTERS

SUBMIT_BUGS = {
    "making the job": "relay.submit.jobs._job",
    "checking the limits": "relay.submit.jobs.problems",
    "claiming": ("ledger", "claim"),
    "invoking the endpoint": ("endpoint", "invoke"),
}


class TestABugInSubmit:
    @pytest.mark.parametrize("bug", SUBMIT_BUGS.values(), ids=SUBMIT_BUGS)
    def test_harms_one_message_which_is_parked_at_its_fifth_receive(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, bug: object
    ) -> None:
        inject(pipeline, monkeypatch, bug)
        put_all(pipeline, call("poison"), *(call(f"good-{number}") for number in range(30)))

        reports = receive_five_times(pipeline, pipeline.deliver_to_submit)

        assert reports[0].counts == {Count.SUBMITTED: 30, Count.BROKEN: 1, Count.RETURNED: 1}
        for report in reports[1:4]:
            assert report.counts == {Count.BROKEN: 1, Count.RETURNED: 1}
        assert reports[4].counts == {Count.BROKEN: 1, Count.PARKED: 1}
        assert len(pipeline.endpoint.invocations) == 30
        assert_parked(pipeline, SUBMIT_DEAD_LETTERS, reports)

    def test_in_the_response_of_the_endpoint_does_not_infer_twice(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An output location that the relay cannot compare with its outputs."""
        contains = OutputLocations.contains

        def broken_contains(self: OutputLocations, text: str) -> bool:
            if text == SECRET:
                raise TypeError(SECRET)
            return contains(self, text)

        monkeypatch.setattr(OutputLocations, "contains", broken_contains)
        one, other = request_id_of_caller("one"), request_id_of_caller("other")
        put_all(pipeline, call("one"), call("other"))
        pipeline.endpoint.output_locations[one] = SECRET

        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 2, Count.BROKEN: 1}
        assert logged(report, Level.ERROR) == ["output location not written"]
        assert pipeline.endpoint.invoked == [one, other]

    @pytest.mark.parametrize("method", ["renew", "release"])
    def test_in_a_write_behind_the_invocation_does_not_infer_twice(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        break_port(monkeypatch, pipeline.ledger, method)
        put_all(pipeline, call("f" * 32), call("b" * 32))
        if method == "renew":
            for key in ("f" * 32, "b" * 32):
                pipeline.endpoint.output_locations[key] = f"{samples.OUTPUTS}elsewhere/{key}"
        else:
            pipeline.endpoint.trouble = TransientError("ThrottlingException")

        report = pipeline.deliver_to_submit()

        assert report.counts[Count.SUBMITTED if method == "renew" else Count.RETURNED] == 2
        assert len(pipeline.endpoint.invocations) == (2 if method == "renew" else 0)

    def test_harms_one_request_of_a_message(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_function(monkeypatch, "relay.submit.jobs._job")
        break_function(monkeypatch, "relay.submit.jobs.problems")
        put_all(pipeline, {"requests": [call("poison"), call("good"), call("poison too")]})

        reports = receive_five_times(pipeline, pipeline.deliver_to_submit)

        assert reports[0].counts == {Count.SUBMITTED: 1, Count.BROKEN: 2, Count.RETURNED: 1}
        assert reports[4].counts == {Count.DUPLICATE: 1, Count.BROKEN: 2, Count.PARKED: 1}
        assert len(pipeline.queues.delivered(SUBMIT_DEAD_LETTERS)) == 1

    def test_parks_nothing_while_another_request_of_the_message_waits(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_function(monkeypatch, "relay.submit.jobs.problems")
        put_all(pipeline, {"requests": [call("poison"), call("good")]})
        pipeline.endpoint.trouble = TransientError("ThrottlingException")
        receive_five_times(pipeline, pipeline.deliver_to_submit)
        assert pipeline.queues.delivered(SUBMIT_DEAD_LETTERS) == []

        pipeline.endpoint.trouble = None
        pipeline.clock.advance(900)
        report = pipeline.deliver_to_submit()

        assert report.counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.PARKED: 1}

    def test_fails_a_direct_call_by_name_and_does_the_others_of_the_call(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_function(monkeypatch, "relay.submit.jobs.problems")

        report = pipeline.call_submit({"requests": [call("poison"), call("good")]})

        assert report.counts == {Count.SUBMITTED: 1, Count.BROKEN: 1, Count.RETURNED: 1}
        with pytest.raises(Incomplete, match=r"AttributeError at \w+"):
            respond([], report)


def test_an_error_that_prevents_the_delays_leaves_them_to_the_visibility_timeout(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.queues, "come_back", None)  # not callable
    put_all(pipeline, call("poison"))
    pipeline.endpoint.trouble = TransientError("ThrottlingException")

    report = pipeline.deliver_to_submit()

    assert report.counts == {Count.RETURNED: 1, Count.BROKEN: 1}
    assert report.notes[-1].text == "visibility timeouts not set"
