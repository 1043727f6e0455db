"""Messages that no relay should have to read, by what is wrong with them."""

import json
from typing import Any

from relay.events.sagemaker import own_notification
from relay.model import Outcome

from tests.support import samples
from tests.support.samples import FAILURES, INPUTS, OUTPUTS

SUSPECT = "f" * 32
DEEP = "[" * 100_000 + "]" * 100_000
LONG_NUMBER = "9" * 400


def upload(**changes: Any) -> str:
    """S3's notification of one upload with changed members: of its record, bucket or object."""
    message = samples.upload("inputs/poison.csv")
    record = message["Records"][0]
    for part in (record, record["s3"]["bucket"], record["s3"]["object"]):
        part.update({name: value for name, value in changes.items() if name in part})
    record.update({name: value for name, value in changes.items() if name == "eventTime"})
    return json.dumps(message)


def created(**detail: Any) -> str:
    """EventBridge's event of one upload."""
    s3_object = {"key": "inputs/poison.csv", "size": 1, "etag": "e1", "sequencer": "00A1"}
    bucket = {"name": samples.BUCKET}
    event = {"detail-type": "Object Created", "detail": {"bucket": bucket, "object": s3_object}}
    event["detail"] |= detail  # type: ignore[operator]
    return json.dumps(event)


def call(**members: Any) -> str:
    return json.dumps({"input_location": f"{INPUTS}poison.csv", **members})


# Bodies of messages to submit that cannot be read: each is parked.
MALFORMED_SUBMISSIONS = {
    "white space": " ",
    "no JSON": "{",
    "JSON that is nested too deeply": DEEP,
    "an unpaired surrogate": '{"body": "\\ud800"}',
    "a call with a number of 400 digits": f'{{"body": "1", "attempt": {LONG_NUMBER}}}',
    "a call with a number that is no number": '{"body": "1", "ttl_seconds": NaN}',
    "a call with a body that is no base64": call(body_base64="*"),
    "a call with a location that is none": call(input_location="file:///etc/passwd"),
    "a call with a location without a bucket": call(input_location="s3:///inputs/a.csv"),
    "a call with a time in the year 1": call(requested_at="0001-01-01T00:00:00+14:00"),
    "records that are no objects": '{"Records": [null, 7]}',
    "a record without members": '{"Records": [{}]}',
    "a bucket that begins with a slash": upload(name="/bucket"),
    "an empty bucket": upload(name=""),
    "a bucket that is a path": upload(name="bucket/../other"),
    "a key that is too long": upload(key="inputs/" + "k" * 5_000),
    "a key that is no UTF-8": upload(key="inputs/%ff%fe%c3"),
    "a key that is a number": upload(key=7),
    "a size that is a text": upload(size="12"),
    "an event of the year 1": upload(eventTime="0001-01-01T00:00:00+23:59"),
    "an event of another format": upload(eventVersion="9.0"),
    "an event of EventBridge with a slash in its bucket": created(bucket={"name": "/b"}),
    "an event of EventBridge without an object": created(object=None),
}

# Requests with odd values: each has a result.
ODD_SUBMISSIONS = {
    "a call that is far too long": json.dumps({"requests": [{"body": "1" * 200_000}]}),
    "a call with an id of a megabyte": call(request_id="x" * 1_000_000),
    "a call with control characters": call(content_type="text/csv\r\nX-Other: 1"),
    "a call with a negative time": call(ttl_seconds=-1),
    "a key with control characters": upload(key="inputs/%00%0d%0a"),
}


def notification(**changes: Any) -> str:
    return json.dumps(samples.sns_envelope(samples.completed(SUSPECT, **changes)))


def output(location: str) -> str:
    return notification(responseParameters={"outputLocation": location})


def response(content: str) -> str:
    """A notification with a response of the model, which AWS has in base64 or plain."""
    return notification(responseBody={"encoding": "JSON", "content": content})


# Bodies of messages to route that are not believed or cannot be read. Each is parked if the ledger
# does not have the suspect.
MALFORMED_NOTIFICATIONS = {
    "white space": " ",
    "no JSON": "{",
    "JSON that is nested too deeply": DEEP,
    "an envelope without a message": '{"Type": "Notification", "TopicArn": "t"}',
    "a message that is nested too deeply": json.dumps(samples.sns_envelope(DEEP)),
    "another source": notification(eventSource="aws:other"),
    "an id that is too long": notification(inferenceId="x" * 5_000),
    "an id that is no text": notification(inferenceId={"a": 1}),
    "an unpaired surrogate": notification(inferenceId="\ud800"),
    "another endpoint": notification(requestParameters={"endpointName": "other"}),
    "an output in another bucket": output("s3://other/outputs/a.out"),
    "an output above its folder": output(f"{OUTPUTS}../failures/a.out"),
    "an output whose key is too long": output(f"{OUTPUTS}{'k' * 5_000}"),
    "an output that is no location": output("nowhere"),
    "an input that is no location": notification(
        requestParameters={"endpointName": "relay", "inputLocation": 7}
    ),
    "a failure that is no location": notification(failureLocation=["nowhere"]),
    "parameters that are no object": notification(responseParameters=["nowhere"]),
    "a report that the relay did not send": own_notification(
        "e" * 32, Outcome.EXPIRED, "relay", "forged"
    ),
    "a report about a failure elsewhere": own_notification(
        SUSPECT, Outcome.FAILED, "relay", "forged", f"{FAILURES}../a"
    ),
}

# Notifications with odd values: the suspect has a result, unless it has one already.
ODD_NOTIFICATIONS = {
    "a time in the year 1": notification(eventTime="0001-01-01T00:00:00+23:59"),
    "a time that is none": notification(receivedTime="yesterday"),
    "times of other types": notification(receivedTime=17e11, eventTime={"date": None}),
    "a version that is a number": notification(eventVersion=1.0),
    "no region": notification(awsRegion=None),
    "a reason that is a list": notification(failureReason=["none"]),
    "a content type that is a list": notification(
        responseParameters={
            "outputLocation": f"{OUTPUTS}{SUSPECT}.out",
            "contentType": ["text/csv"],
        }
    ),
    "attributes that are an object": notification(
        requestParameters={"endpointName": "relay", "customAttributes": {}, "contentType": 7}
    ),
    "attributes with an unpaired surrogate": notification(
        requestParameters={"endpointName": "relay", "customAttributes": "\ud800"}
    ),
    "a response that is no object": notification(responseBody="1,2"),
    "a response whose encoding is a number": notification(
        responseBody={"encoding": 64, "content": "MQ=="}
    ),
    "a response whose content is an object": notification(responseBody={"content": {}}),
    "an envelope whose id is a number": json.dumps(
        {**samples.sns_envelope(samples.completed(SUSPECT)), "MessageId": 7}
    ),
    "an input that is another's": notification(
        requestParameters={"endpointName": "relay", "inputLocation": f"{INPUTS}other.csv"}
    ),
    "attributes with control characters": notification(
        requestParameters={"endpointName": "relay", "customAttributes": "a\x00b"}
    ),
    "a response that is nested too deeply": response(DEEP),
    "a response with a number of 400 digits": response(f'{{"score": {LONG_NUMBER}}}'),
    "a response that is no number": response("[NaN, 1e999]"),
    "a response with an unpaired surrogate": response('"\\ud800"'),
    "a response that is far too long": response("1" * 3_000_000),
}
