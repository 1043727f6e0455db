"""What a month costs, worked out by hand from the list prices."""

import re
from pathlib import Path
from typing import cast

import pytest
from relay.aws.dynamodb.attempt_items import to_item

from benchmarks.calculator import measured
from benchmarks.calculator.__main__ import main
from benchmarks.calculator.month import (
    ALARM_METRICS,
    ENTRY_BYTES,
    ITEM_BYTES,
    SCALING_ALARM_METRICS,
    TOPIC_ALARM_METRICS,
    Group,
    Key,
    Month,
    lines,
    total,
)
from local.stack.settings import REPOSITORY
from relayctl.cost.prices import US_EAST_1
from tests.support import samples
from tests.template.template import source

MILLION = Month(1_000_000)


def dollars(month: Month, part: str) -> float:
    (found,) = (line.dollars for line in lines(month) if line.part == part)
    return found


@pytest.mark.parametrize(("size", "expected"), [(1, 7.96), (10, 3.80), (100, 3.61)])
def test_the_design_costs_what_the_page_about_performance_says(size: int, expected: float) -> None:
    assert measured.design(size).total() == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("size", measured.SIZES)
@pytest.mark.parametrize(
    ("function", "done"), [("submit", "a submitted request"), ("route", "a routed result")]
)
def test_the_calls_are_those_that_the_run_counted(function: str, done: str, size: int) -> None:
    counted = measured.figure(f"AWS calls for {done}, batches of {size}")

    assert sum(measured.calls(function, size).values()) == pytest.approx(counted)


def test_time_between_two_measured_sizes_is_on_the_line_between_them() -> None:
    seconds = [measured.design(size).steps[0].cpu_seconds * size for size in (10, 55, 100)]

    # 55 is half-way between 10 and 100.
    assert seconds[1] == pytest.approx((seconds[0] + seconds[2]) / 2)


@pytest.mark.parametrize("size", [0, 101])
def test_sizes_that_were_not_measured_have_no_cost(size: int) -> None:
    with pytest.raises(ValueError, match=f"batches of {size} are not between 1 and 100"):
        measured.design(size)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("instances", 83.95),  # 730 hours at 0.115
        ("data of the endpoint", 0.22),  # 10 GB in, 1 GB out, at 0.02
        ("S3 PUT requests", 10.00),  # the upload and the output, at 5 a million
        ("S3 GET requests", 0.80),  # the input and the output, at 0.40
        ("S3 storage", 0.2495),  # 11 GB for 30 of 30.42 days, at 0.023
        ("DynamoDB", 2.00),  # three writes at 0.625, a read at 0.125
        ("DynamoDB, one look-up by reconcile", 0.125),
        # 1.12 KB for 32 of 30.42 days is 1.178 GB at 0.25; 0.9 KB of it are 0.947 GB at 0.20.
        ("DynamoDB storage, with recovery", 0.484),
        ("polls of two idle queues", 0.5256),  # 2 × 5 polls × 3 a minute × 43,800 at 0.40
        # 43,800 × 0.1 and 8,760 × 0.8638 GB-seconds at 0.0000133334 are 0.1593; 52,560 requests
        # at 0.20 are 0.0105, and at 900 bytes of log 0.0237; 43,800 receives at 0.40 are 0.0175;
        # 8,760 × 80 reads at 0.125 are 0.0876.
        ("schedules of provision and reconcile", 0.2986),
        ("metrics", 0.90),  # three at 0.30
        ("alarms", 4.80),  # 48 metrics at 0.10
        ("SQS, results received and deleted by tens", 0.10),  # 200,000 at 0.50
    ],
)
def test_a_million_requests_of_a_month_cost(part: str, expected: float) -> None:
    assert dollars(MILLION, part) == pytest.approx(expected, abs=0.0005)


def test_larger_batches_cost_the_relay_less_and_nothing_else() -> None:
    small, large = (lines(Month(1_000_000, batch=size)) for size in (1, 100))

    # Both have 0.125 and 0.484 beside what the page about performance says.
    assert total(small, Group.REQUESTS) == pytest.approx(7.96 + 0.609, abs=0.005)
    assert total(large, Group.REQUESTS) == pytest.approx(3.61 + 0.609, abs=0.005)
    assert [total(small, each) for each in Group if each is not Group.REQUESTS] == [
        total(large, each) for each in Group if each is not Group.REQUESTS
    ]


def test_the_readme_has_the_cost_of_the_page() -> None:
    readme = " ".join((REPOSITORY / "README.md").read_text().split())
    small, large = (total(lines(Month(1_000_000, batch=size)), Group.REQUESTS) for size in (1, 100))
    stack = total(lines(Month(0)), Group.STACK)

    assert (
        f"A million requests cost ${large:.2f} in batches of 100 and ${small:.2f} in batches of "
        f"one**, and a stack ${stack:.2f} a month"
    ) in readme


def test_a_month_without_requests_costs_the_stack_and_its_instances() -> None:
    idle = lines(Month(0))

    assert total(idle) == pytest.approx(total(idle, Group.STACK) + dollars(Month(0), "instances"))


def test_options_add_their_lines() -> None:
    plain = total(lines(MILLION))

    # A dollar a million events; three more metrics of alarms; 45 fewer without a topic.
    assert total(lines(Month(1_000_000, existing_bucket=True))) - plain == pytest.approx(1.00)
    assert total(lines(Month(1_000_000, scales=True))) - plain == pytest.approx(0.30)
    assert total(lines(Month(1_000_000, dashboard=True))) - plain == pytest.approx(3.00)
    assert total(lines(Month(1_000_000, alarm_topic=False))) - plain == pytest.approx(-4.50)


def test_a_key_costs_a_dollar_and_its_requests() -> None:
    """By SNS's formula two topics make 4 requests in five minutes; queues and topics make 24.

    A month has 8,760 times five minutes, and a million requests cost 3 dollars.
    """
    none = total(lines(Month(0, key=Key.NONE)))

    assert total(lines(Month(0))) - none == pytest.approx(1.10512)
    assert total(lines(Month(0, key=Key.EVERYTHING))) - none == pytest.approx(1.63072)


def test_the_alarms_of_the_template_have_so_many_metrics() -> None:
    counted = {True: 0, False: 0}
    for resource in source()["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            metrics = resource["Properties"].get("Metrics", [{"MetricStat": {}}])
            needs_topic = resource.get("Condition") == "HasAlarmTopic"
            counted[needs_topic] += sum("MetricStat" in metric for metric in metrics)

    assert counted == {False: ALARM_METRICS, True: TOPIC_ALARM_METRICS}
    # Two by target tracking, one by provision.
    assert SCALING_ALARM_METRICS == 3


def test_the_page_has_the_price_of_each_group_of_alarms() -> None:
    page = " ".join((REPOSITORY / "docs/explanation/cost.md").read_text().split())
    groups = (TOPIC_ALARM_METRICS, ALARM_METRICS, SCALING_ALARM_METRICS)
    topic, always, scaling = (f"${US_EAST_1.rates.alarm_metric_months.of(n):.2f}" for n in groups)

    assert f"{topic} for those that only a stack with `AlarmTopicArn` has" in page
    assert f"{always} for those that roll updates back, and {scaling} for those of scaling" in page


def test_an_attempt_of_the_ledger_is_not_larger_than_assumed() -> None:
    item = cast("dict[str, dict[str, str]]", to_item(samples.attempt()))
    sizes = {
        name: len(name) + len("".join(value.values()).encode()) for name, value in item.items()
    }

    # DynamoDB adds 100 bytes for each item and entry.
    assert 0.75 * ITEM_BYTES < sum(sizes.values()) + 100 <= ITEM_BYTES
    assert sum(sizes[name] for name in ("id", "due_shard", "due")) + 100 <= ENTRY_BYTES


def test_the_command_prints_the_total_and_what_dominates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--requests", "1,000,000", "--instance", "ml.m5.xlarge", "--hours", "100"]) == 0

    printed = capsys.readouterr().out
    assert re.search(r"100 hours of ml\.m5\.xlarge +23\.00", printed)
    # 23.00 of instances, and without them a month costs 111.52 - 83.95.
    assert re.search(r"^total +50\.57$", printed, re.MULTILINE)
    assert "The largest part is SageMaker, instances: 45%." in printed


def test_an_instance_type_without_a_price_is_an_error_that_names_the_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--requests", "1", "--instance", "ml.x9.huge"]) == 1

    captured = capsys.readouterr()
    assert "ml.x9.huge" in captured.err
    assert "INSTANCE_PRICE" in captured.err
    assert "PRICES" in captured.err
    assert captured.out == ""


def test_a_given_price_of_an_instance_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--instance", "ml.x9.huge", "--instance-price", "20", "--hours", "2"]

    assert main(["--requests", "1", *given]) == 0
    assert re.search(r"2 hours of ml\.x9\.huge +40\.00", capsys.readouterr().out)


def test_a_file_of_prices_replaces_those_that_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "prices.json"
    file.write_text(
        '{"region": "eu-north-9", "rates": {"s3_puts": 6}, "instances": {"ml.m5.large": 1}}'
    )

    assert main(["--requests", "1000000", "--hours", "7", "--prices", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "eu-north-9" in printed
    assert re.search(r"S3 PUT requests +2,000,000 +12\.00", printed)
    assert re.search(r"S3 GET requests +2,000,000 +0\.80", printed)
    assert re.search(r"7 hours of ml\.m5\.large +7\.00", printed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"rates": {"s3_putts": 6}}', "s3_putts"),
        ('{"rate": {}}', "names that are unknown: rate"),
        ('{"rates": {"s3_puts": "six"}}', "no dollars: s3_puts"),
        ('{"instances": {"ml.m5.large": -1}}', "no dollars: ml.m5.large"),
        ('{"rates": {"s3_puts": 1e400}}', "no dollars: s3_puts"),
        ('{"rates": {"s3_puts": 1' + "0" * 400 + "}}", "no dollars: s3_puts"),
        ('{"rates": []}', "rates must be a JSON object"),
        ('{"instances": null}', "instances must be a JSON object"),
        ("[]", "the file must be a JSON object"),
        ("[]", "cannot be read"),
        ("{", "cannot be read"),
    ],
)
def test_a_file_that_is_not_one_of_prices_is_an_error_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    file = tmp_path / "prices.json"
    file.write_text(text)

    assert main(["--requests", "1", "--prices", str(file)]) == 1
    assert reason in capsys.readouterr().err


def test_prices_of_another_region_do_not_give_instances_the_price_of_this_one(
    tmp_path: Path,
) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"region": "eu-north-9"}')

    assert main(["--requests", "1", "--prices", str(file)]) == 1


@pytest.mark.parametrize(
    "given",
    [
        ["--requests", "1", "--batch", "101"],
        ["--requests", "1", "--batch", "0"],
        ["--requests", "-1"],
        ["--requests", "many"],
        ["--requests", "1", "--hours", "nan"],
        [],
    ],
)
def test_numbers_that_are_none_are_refused(given: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "required: REQUESTS;"),
        (["--requests", "many"], "REQUESTS: many is not a number"),
        (["--requests", "1e300"], "REQUESTS: 1e300 is not a number from zero to 1,000,000,000,"),
        (["--requests", "1", "--kms", "all"], "KMS: invalid choice: 'all'"),
        (["--requests", "1", "--existing-bucket", "yes"], "EXISTING_BUCKET: invalid"),
    ],
)
def test_an_error_names_the_variables_of_make(
    given: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(given)

    error = capsys.readouterr().err
    assert says in error
    assert "--" not in error
    assert "Key" not in error
