import json
from pathlib import Path

from local.load.metrics import count_metrics, sum_metrics


def _line(**values: float | list[float]) -> str:
    """A line as Powertools writes it."""
    metrics = [{"Name": name, "Unit": "Count"} for name in values]
    directive = {
        "Namespace": "AsyncInferenceRelay",
        "Dimensions": [["service"]],
        "Metrics": metrics,
    }
    envelope = {"Timestamp": 1, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": envelope, "service": "route", **values}) + "\n"


def test_values_of_one_metric_add_up_whether_they_are_lists_or_numbers() -> None:
    assert sum_metrics([_line(Retried=[1.0, 2.0]), _line(Retried=4, Parked=1)]) == {
        "Retried": 7,
        "Parked": 1,
    }


def test_other_lines_and_lines_that_were_cut_off_count_nothing() -> None:
    lines = ['{"level":"INFO","Retried":5}\n', "START RequestId: 1\n", _line(Retried=[3.0])[:-20]]

    assert sum_metrics(lines) == {}


def test_the_logs_of_functions_count_together_and_no_other_logs(tmp_path: Path) -> None:
    (tmp_path / "route.log").write_text(_line(Retried=[1.0]))
    (tmp_path / "reconcile.log").write_text(_line(Recovered=[2.0]) + _line(Recovered=[3.0]))
    (tmp_path / "ministack.log").write_text(_line(Retried=[1.0]))

    assert count_metrics(tmp_path, ("route", "reconcile")) == {"Retried": 1, "Recovered": 5}
