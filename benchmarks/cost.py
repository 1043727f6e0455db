"""What a million requests cost, from the calls that were counted and the time that was measured.

Time on AWS is not measured here: a call waits as long as `WAIT_SECONDS` says, and what a function
computes takes the processor time measured on this machine, stretched by the share of a processor
that its memory buys. Both are assumptions, and the same for every design.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from relayctl.cost.prices import MILLION, US_EAST_1, Rates

MEMORY_GIGABYTES = 0.5
# Lambda gives one processor for 1,769 MB.
PROCESSOR_SHARE = 512 / 1_769

# How long AWS takes to answer, by the first letters of the operation.
WAIT_SECONDS: Mapping[str, float] = {"InvokeEndpointAsync": 0.040, "SendMessage": 0.012}
_OTHER_WAIT_SECONDS = 0.008  # DynamoDB
INVOCATIONS_AT_A_TIME = 10

# Lambda's own lines for an invocation: start, end and report as JSON.
PLATFORM_LOG_BYTES = 900


@dataclass(frozen=True, slots=True)
class Step:
    """What one function does for one request, on average."""

    batch: int
    calls: Mapping[str, float]
    cpu_seconds: float
    log_bytes: float
    threads: int = 1

    @property
    def seconds(self) -> float:
        """Billed time for each request."""
        waits = sum(number * _wait(name, self.threads) for name, number in self.calls.items())
        return self.cpu_seconds / PROCESSOR_SHARE + waits

    def dollars(self, rates: Rates = US_EAST_1.rates) -> Mapping[str, float]:
        """For each request, by service."""
        return {
            "Lambda": rates.lambda_requests.of(1 / self.batch)
            + rates.lambda_gigabyte_seconds.of(self.seconds * MEMORY_GIGABYTES),
            "logs": rates.log_bytes.of(self.log_bytes + PLATFORM_LOG_BYTES / self.batch),
        }


@dataclass(frozen=True, slots=True)
class Design:
    """One way to get from an upload to a message on a queue. Numbers are for each request."""

    name: str
    steps: tuple[Step, ...]
    queue_requests: float = 0.0
    fifo_requests: float = 0.0
    publications: float = 1.0
    write_units: float = 0.0
    read_units: float = 0.0
    traces: float = 0.0
    transitions: float = 0.0
    heads: float = 0.0

    def dollars(self, rates: Rates = US_EAST_1.rates) -> dict[str, float]:
        """For a million requests, by service."""
        found = {
            "SQS": rates.sqs_requests.of(self.queue_requests)
            + rates.sqs_fifo_requests.of(self.fifo_requests),
            "SNS": rates.sns_publications.of(self.publications),
            "DynamoDB": rates.dynamodb_writes.of(self.write_units)
            + rates.dynamodb_reads.of(self.read_units),
            "Lambda": 0.0,
            "logs": 0.0,
            "X-Ray": rates.traces.of(self.traces),
            "Step Functions": rates.transitions.of(self.transitions),
            "S3": rates.s3_gets.of(self.heads),
        }
        for step in self.steps:
            for name, dollars in step.dollars(rates).items():
                found[name] += dollars
        return {name: dollars * MILLION for name, dollars in found.items()}

    def total(self, rates: Rates = US_EAST_1.rates) -> float:
        return sum(self.dollars(rates).values())


def queue(batch: int) -> float:
    """Requests to SQS for a message: sent alone by S3 or SNS, taken and deleted ten at a time."""
    return 1 + 2 / min(batch, 10)


def relay(submit: Step, route: Step) -> Design:
    """Claim (item and index entry) and mark: three write units. One consistent look-up."""
    return Design(
        f"relay, batches of {submit.batch:,}",
        (submit, route),
        queue_requests=queue(submit.batch) + queue(route.batch),
        fifo_requests=route.calls.get("SendMessageBatch", 0.0),
        write_units=3,
        read_units=1,
    )


def usual(submit: Step, route: Step) -> Design:
    """Two writes for each idempotent step and one for the job; a read; one trace in twenty."""
    return Design(
        "usual",
        (submit, route),
        queue_requests=queue(1) + queue(1),
        fifo_requests=1,
        write_units=6,
        read_units=0.5,
        traces=0.05,
    )


def floor(submit: Step, route: Step) -> Design:
    """The least: nothing is remembered, so what is lost is lost."""
    return replace(relay(submit, route), name="floor: bare, no ledger", write_units=0, read_units=0)


def task_token(usual_submit: Step, usual_route: Step) -> Design:
    """Step Functions: start, submit with the token, wait, succeed: four transitions."""
    return Design(
        "Step Functions with a task token",
        (usual_submit, usual_route),
        queue_requests=queue(1),
        write_units=2,  # the token is kept until the notification comes
        read_units=0.5,
        transitions=4,
    )


def polling(submit: Step, looks: int = 6) -> Design:
    """A queue that brings every request back once a minute, to look whether its output is there."""
    return Design(
        f"polling the bucket, {looks} looks",
        (submit, replace(submit, calls={"HeadObject": looks}, threads=10)),
        queue_requests=queue(10) + looks * 0.3,
        fifo_requests=0.1,
        publications=0,
        heads=looks,
    )


def with_failures(design: Design, rate: float) -> Design:
    """Every so many fail once: a retry message, another attempt, another notification."""
    again = 1 + rate
    return replace(
        design,
        name=f"{design.name}, {rate:.0%} tried again",
        steps=tuple(
            replace(
                step,
                calls={name: number * again for name, number in step.calls.items()},
                cpu_seconds=step.cpu_seconds * again,
                # A line for each failure.
                log_bytes=step.log_bytes * again + rate * 400,
            )
            for step in design.steps
        ),
        queue_requests=design.queue_requests * again + rate * 0.1,
        fifo_requests=design.fifo_requests,
        publications=design.publications * again,
        write_units=design.write_units * again,
        read_units=design.read_units * again,
    )


def with_log_lines(design: Design, bytes_for_each: float) -> Design:
    """A line for each request in each function, as LogLevel DEBUG has it."""
    return replace(
        design,
        name=f"{design.name}, a line for each request",
        steps=tuple(
            replace(step, log_bytes=step.log_bytes + bytes_for_each) for step in design.steps
        ),
    )


def _wait(operation: str, threads: int) -> float:
    for name, seconds in WAIT_SECONDS.items():
        if operation.startswith(name):
            return seconds / (threads if name == "InvokeEndpointAsync" else 1)
    return _OTHER_WAIT_SECONDS
