"""What a parked message is about, as `relayctl status` takes it."""

from collections.abc import Iterator

from relay.events.envelopes import read_notifications, read_submissions

from relayctl.parked.messages import ParkedMessage, content


def subject(message: ParkedMessage) -> Iterator[str]:
    """Yield the input or the id of each request in a message; nothing of what cannot be read."""
    event = {
        "Records": [
            {
                "eventSource": "aws:sqs",
                "messageId": message.id,
                "receiptHandle": message.receipt,
                "body": message.body,
            }
        ]
    }
    match message.queue.name:
        case "submit":
            for submission in read_submissions(event, message.id):
                for request in submission.contents:
                    yield str(request.location or request.id)
        case "notifications":
            for incoming in read_notifications(event, message.id):
                for notification in incoming.contents:
                    yield notification.inference_id
        case "results":
            match content(message.body):
                case {"data": {"request_id": str(request_id)}}:
                    yield request_id
                case _:
                    pass
