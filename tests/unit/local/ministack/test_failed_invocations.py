"""Records of failed invocations on MiniStack."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from ministack.services import sqs
from relay.events.endpoint_events import Sweep
from relay.events.failed_invocations import read_failed_invocation

from local.ministack.failed_invocations import route

SWEEP = {"detail-type": "Scheduled Event", "source": "aws.events"}


def test_the_relay_reads_the_record_that_lies_in_the_queue() -> None:
    url = sqs._act_create_queue({"QueueName": "failed"}, "")["QueueUrl"]
    try:
        arn = "arn:aws:sqs:us-east-1:000000000000:failed"

        route(arn, "provision", SWEEP, {"body": {"errorMessage": "denied"}})

        (message,) = asyncio.run(sqs._act_receive_message({}, url))["Messages"]
        found = read_failed_invocation(message["Body"])
        assert isinstance(found.event, Sweep)
        assert datetime.now(UTC) - found.failed_at < timedelta(minutes=1)
        assert json.loads(message["Body"])["requestPayload"] == SWEEP
    finally:
        sqs._act_delete_queue({}, url)
