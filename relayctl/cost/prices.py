"""List prices in US dollars, without free tier: those of us-east-1 in November 2026, or a file's.

Each rate is that of the pricing page of its service, first tier. Neither SageMaker's page nor the
Price List API could be read where this was written. So the prices of instances are those that
public code quotes from the Price List (service AmazonSageMaker, usage type `USE1-Host:TYPE`), and
the rate of an endpoint's data is that of the example of asynchronous inference on SageMaker's page.
https://github.com/aws-samples/foundation-model-benchmarking-tool/blob/main/src/fmbench/configs/pricing.yml
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

MILLION = 1_000_000
GIGABYTE = 1_000_000_000
# Hours of a month, as AWS's Pricing Calculator counts them.
MONTH_HOURS = 730
# Dollars of a price: a bound far above every price, with which all sums can be printed.
_MOST = 1_000_000_000


class PriceError(ValueError):
    """A price is missing, or a file of prices is not valid. The text says what to give."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`dollars` for `units` of what is billed. `service` is the name in the pricing page's URL."""

    dollars: float
    units: float
    billed: str
    service: str

    def of(self, number: float) -> float:
        """Return the dollars for this number of units."""
        return self.dollars * number / self.units

    @property
    def page(self) -> str:
        return f"https://aws.amazon.com/{self.service}/pricing/"


@dataclass(frozen=True, slots=True)
class Rates:
    """What AWS bills, by the names that a file of prices uses."""

    endpoint_bytes: Rate = Rate(0.02, GIGABYTE, "GB that an endpoint reads or writes", "sagemaker")
    s3_puts: Rate = Rate(5.00, MILLION, "million PUT or LIST requests", "s3")
    s3_gets: Rate = Rate(0.40, MILLION, "million GET or HEAD requests", "s3")
    s3_byte_months: Rate = Rate(0.023, GIGABYTE, "GB stored for a month", "s3")
    # 64 KB of an event count as one. "AWS opt-in data events": those of S3, for instance.
    eventbridge_events: Rate = Rate(1.00, MILLION, "million opt-in data events", "eventbridge")
    sqs_requests: Rate = Rate(0.40, MILLION, "million requests, standard queue", "sqs")
    sqs_fifo_requests: Rate = Rate(0.50, MILLION, "million requests, FIFO queue", "sqs")
    # Delivery to SQS is free.
    sns_publications: Rate = Rate(0.50, MILLION, "million publications", "sns")
    # Up to 1 KB; each entry of an index counts again, and refused writes count as well.
    dynamodb_writes: Rate = Rate(0.625, MILLION, "million write units", "dynamodb")
    # Up to 4 KB, strongly consistent; half for an eventually consistent read.
    dynamodb_reads: Rate = Rate(0.125, MILLION, "million read units", "dynamodb")
    dynamodb_byte_months: Rate = Rate(0.25, GIGABYTE, "GB stored for a month", "dynamodb")
    dynamodb_backup_byte_months: Rate = Rate(
        0.20, GIGABYTE, "GB of point-in-time recovery for a month", "dynamodb"
    )
    lambda_requests: Rate = Rate(0.20, MILLION, "million requests", "lambda")
    lambda_gigabyte_seconds: Rate = Rate(0.0000133334, 1, "GB-second on arm64", "lambda")
    lambda_x86_gigabyte_seconds: Rate = Rate(0.0000166667, 1, "GB-second on x86_64", "lambda")
    log_bytes: Rate = Rate(0.50, GIGABYTE, "GB of logs", "cloudwatch")
    # CloudWatch bills metrics and alarms by the part of a month, in hours, that they exist.
    metric_months: Rate = Rate(0.30, 1, "custom metric for a month", "cloudwatch")
    alarm_metric_months: Rate = Rate(0.10, 1, "metric of an alarm for a month", "cloudwatch")
    # The first three of an account are free, if each has at most 50 metrics.
    dashboard_months: Rate = Rate(3.00, 1, "dashboard for a month", "cloudwatch")
    kms_key_months: Rate = Rate(1.00, 1, "key for a month", "kms")
    kms_requests: Rate = Rate(3.00, MILLION, "million requests", "kms")
    # Of the designs with which the benchmark compares the relay.
    transitions: Rate = Rate(25.00, MILLION, "million transitions", "step-functions")
    traces: Rate = Rate(5.00, MILLION, "million traces", "xray")


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one region: rates, and dollars for an hour of each instance type."""

    region: str
    date: str
    rates: Rates
    instances: Mapping[str, float]

    def instance(self, instance_type: str) -> float:
        """Return the dollars for an hour. Raises PriceError."""
        try:
            return self.instances[instance_type]
        except KeyError:
            raise PriceError(
                f"there is no price of {instance_type}: give the dollars for an hour as "
                "INSTANCE_PRICE=…, or in the member instances of a file, PRICES=…; "
                "https://aws.amazon.com/sagemaker/pricing/ has it, under real-time inference"
            ) from None


US_EAST_1 = Prices(
    "us-east-1",
    "November 2026",
    Rates(),
    MappingProxyType(
        {
            "ml.m5.large": 0.115,
            "ml.m5.xlarge": 0.23,
            "ml.m5.2xlarge": 0.461,
            "ml.g4dn.xlarge": 0.7364,
            "ml.g5.xlarge": 1.408,
            "ml.g5.2xlarge": 1.515,
        }
    ),
)


def read(path: Path) -> Prices:
    """Return the prices of a JSON file with the members region, date, rates and instances.

    `rates` and `instances` are objects of dollars. A rate that the file leaves out is that of
    us-east-1; instance types that it leaves out have no price. Raises PriceError.
    """
    try:
        given = _object("the file", json.loads(path.read_text()))
        names = given.keys() - {"region", "date", "rates", "instances"}
        rates, instances = (
            _dollars(_object(name, given.get(name, {}))) for name in ("rates", "instances")
        )
    except (OSError, ValueError, RecursionError) as error:
        raise PriceError(f"the prices of {path} cannot be read: {error}") from error
    if unknown := [*names, *(rates.keys() - set(Rates.__slots__))]:
        raise PriceError(
            f"{path} has names that are unknown: {', '.join(sorted(unknown))}; "
            f"the names of rates are {', '.join(Rates.__slots__)}"
        )
    base = US_EAST_1.rates
    changed = {name: replace(getattr(base, name), dollars=each) for name, each in rates.items()}
    return Prices(
        str(given.get("region", path.name)),
        str(given.get("date", "an unknown date")),
        replace(base, **changed),
        instances,
    )


def _object(name: str, given: object) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise ValueError(f"{name} must be a JSON object")
    return given


def _dollars(given: Mapping[str, object]) -> dict[str, float]:
    """Return the prices by name. Raises ValueError for what is not a price."""
    found = {
        name: float(dollars)
        for name, dollars in given.items()
        if isinstance(dollars, int | float)
        and not isinstance(dollars, bool)
        and 0 <= dollars <= _MOST
    }
    if wrong := sorted(given.keys() - found.keys()):
        raise ValueError(f"no dollars: {', '.join(wrong)}")
    return found
