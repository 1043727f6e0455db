"""Collecting what an invocation did."""

from relay.delivery.report import Count, Level, Report, RequestAnswer

from tests.support import samples


def test_nothing_is_counted_as_nothing() -> None:
    report = Report()

    report.count(Count.IGNORED, 0)
    report.count(Count.PARKED)
    report.count(Count.PARKED, 2)

    assert report.counts == {Count.PARKED: 3}


def test_a_delivery_is_given_back_once() -> None:
    report = Report()

    report.give_back(samples.delivery("m-1"))
    report.give_back(samples.delivery("m-1"))
    report.give_back(samples.delivery("m-2"))

    assert list(report.returned) == ["m-1", "m-2"]
    assert report.counts == {Count.RETURNED: 2}


def test_notes_and_answers_leave_out_what_has_no_value() -> None:
    report = Report()

    report.note(Level.INFO, "text", inference_id="i", input_location=None)

    assert report.notes[0].fields == (("inference_id", "i"),)
    assert RequestAnswer("r", "queued").to_json() == {"request_id": "r", "status": "queued"}
