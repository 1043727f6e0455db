"""S3 announces some uploads twice: the very same notification, some time later.

A second queue of the bucket's notification configuration receives what S3 says. (S3 itself refuses
two queues for the same events; MiniStack does not.)
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from local.load.results import received

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_QUEUE = "chaos-announcements"


class Announcements:
    """Listens to what S3 says about a bucket, and says some of it again."""

    def __init__(
        self,
        sqs: "SQSClient",
        submit_queue_url: str,
        second: Callable[[str], int | None],
    ) -> None:
        """`second` says after how many seconds the upload with this key is announced again."""
        self._sqs = sqs
        self._submit_queue_url = submit_queue_url
        self._second = second
        self._queue_url = sqs.create_queue(QueueName=_QUEUE)["QueueUrl"]
        self.repeated = 0

    def listen(self, s3: "S3Client", bucket: str) -> None:
        """From now on every upload is heard of here too."""
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=["QueueArn"]
        )
        arn = attributes["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
            },
        }
        self._sqs.set_queue_attributes(
            QueueUrl=self._queue_url, Attributes={"Policy": json.dumps(policy)}
        )
        (existing,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    existing,
                    {"Id": _QUEUE, "QueueArn": arn, "Events": existing["Events"]}
                    | ({"Filter": existing["Filter"]} if "Filter" in existing else {}),  # type: ignore[list-item]
                ]
            },
        )

    def repeat(self) -> None:
        """Takes in what S3 has said, and has the chosen part of it come to submit once more."""
        for body in received(self._sqs, self._queue_url):
            key = announced_key(body)
            seconds = None if key is None else self._second(key)
            if seconds is not None:
                self._sqs.send_message(
                    QueueUrl=self._submit_queue_url, MessageBody=body, DelaySeconds=seconds
                )
                self.repeated += 1


def announced_key(body: str) -> str | None:
    """The decoded key of the upload that this notification is about; None for S3's test event."""
    records = json.loads(body).get("Records")
    return unquote_plus(records[0]["s3"]["object"]["key"]) if records else None
