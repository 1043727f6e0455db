"""What a batch leaves in the log and in the metrics."""

import io
import json
import uuid

import pytest
from aws_lambda_powertools import Logger
from relay.delivery.report import Count, Level, Note, Report
from relay.provision.metrics import counted
from relay.telemetry import Metrics, Telemetry

from tests.support.samples import Json


@pytest.fixture
def write(capsys: pytest.CaptureFixture[str]) -> "Writer":
    return Writer(capsys)


class Writer:
    """Writes a report and returns the lines of the log, then those of the metrics."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, report: Report, level: str = "DEBUG") -> list[Json]:
        log = io.StringIO()
        # Powertools keeps one logger for each service.
        logger = Logger(service=str(uuid.uuid4()), level=level, stream=log)
        metrics = Metrics(namespace="Relay", service="submit")
        Telemetry(logger, metrics).write_report(report, 3)
        printed = log.getvalue() + self._capsys.readouterr().out
        return [json.loads(line) for line in printed.splitlines()]


def test_each_note_is_a_line_with_its_level_and_fields(write: Writer) -> None:
    report = Report()
    for level in Level:
        report.note(level, f"a {level} note", inference_id="i-1")

    lines = write(report)[:4]

    assert [(line["level"], line["message"], line["inference_id"]) for line in lines] == [
        ("DEBUG", "a debug note", "i-1"),
        ("INFO", "a info note", "i-1"),
        ("WARNING", "a warning note", "i-1"),
        ("ERROR", "a error note", "i-1"),
    ]


def test_one_line_sums_the_batch_up_and_one_counts_it(write: Writer) -> None:
    report = Report()
    report.count(Count.SUBMITTED, 2)
    report.count(Count.PARKED)

    line, metrics = write(report)

    assert line["message"] == "batch"
    assert (line["deliveries"], line["Submitted"], line["Parked"]) == (3, 2, 1)
    assert (metrics["Submitted"], metrics["Parked"]) == ([2.0], [1.0])
    assert metrics["service"] == "submit"
    (described,) = metrics["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Relay"


def test_a_batch_in_which_nothing_happened_has_no_metrics(write: Writer) -> None:
    (line,) = write(Report())

    assert line["message"] == "batch"


def test_at_the_usual_level_a_batch_that_went_well_is_one_line(write: Writer) -> None:
    report = Report()
    report.count(Count.SUBMITTED)
    report.note(Level.DEBUG, "submitted")

    lines = write(report, "INFO")

    assert [line.get("message") for line in lines] == ["batch", None]


def test_steps_are_logged_at_once_and_counted_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = io.StringIO()
    logger = Logger(service=str(uuid.uuid4()), level="INFO", stream=log)
    telemetry = Telemetry(logger, Metrics(namespace="Relay", service="provision"), counted)

    telemetry.write(Note(Level.INFO, "creating"))
    telemetry.write(Note(Level.ERROR, "refused"))

    logged = [json.loads(line)["message"] for line in log.getvalue().splitlines()]
    assert logged == ["creating", "refused"]
    assert capsys.readouterr().out == ""
    telemetry.flush()
    published = json.loads(capsys.readouterr().out)
    assert (published["LogLines"], published["Errors"]) == ([2.0], [1.0])


def test_nothing_is_counted_where_nothing_came(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(
        Logger(service=str(uuid.uuid4())),
        Metrics(namespace="Relay", service="provision"),
        counted,
    )
    telemetry.write(Note(Level.DEBUG, "waiting"))
    telemetry.flush()
    capsys.readouterr()

    telemetry.flush()

    assert capsys.readouterr().out == ""


def test_what_others_write_is_cut_in_the_log(write: Writer) -> None:
    """The failure reason is SageMaker's or the model's, and an id a caller's."""
    report = Report()
    report.note(Level.WARNING, "routed", reason="x" * 200_000, inference_id="i-1")
    report.notes.append(Note(Level.ERROR, "y" * 200_000))

    first, second, *_ = write(report)

    assert (first["reason"], first["inference_id"]) == ("x" * 1_999 + "…", "i-1")
    assert second["message"] == "y" * 1_999 + "…"


def test_the_age_of_the_oldest_message_that_comes_again_is_a_metric(write: Writer) -> None:
    report = Report(oldest_returned_seconds=5400)

    _, metrics = write(report)

    assert metrics["OldestReturnedSeconds"] == [5400.0]
