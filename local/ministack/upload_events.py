"""S3's events on their way through EventBridge to a queue, as AWS has them.

MiniStack leaves the version of an object out of its event, so that an upload to a versioned bucket
would be another request than by S3's own notification.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

It sends to each queue that a rule names. AWS sends only if the queue's policy admits the rule, and
otherwise to the dead-letter queue of the target, whose policy has to admit the rule too.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import inspect
import json
import logging
from contextvars import ContextVar
from typing import Any, Final

from ministack.core.responses import get_account_id
from ministack.services import eventbridge, s3, sqs

_fire: Final = s3._fire_s3_event
_dispatch: Final = eventbridge._dispatch_event
_invoke: Final = eventbridge._invoke_target
_version: Final[ContextVar[str | None]] = ContextVar("version", default=None)
_log: Final = logging.getLogger(__name__)


def fire_s3_event(*arguments: Any, **named: Any) -> None:
    """MiniStack's own, which remembers the version of the object for the event."""
    given = inspect.signature(_fire).bind(*arguments, **named).arguments
    token = _version.set(given.get("version_id"))
    try:
        _fire(*arguments, **named)
    finally:
        _version.reset(token)


def dispatch_event(event: dict[str, Any], *rest: Any) -> None:
    """MiniStack's own, of an event that has the version of its object."""
    version = _version.get()
    if version and event.get("Source") == "aws.s3" and not rest:
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = {**event, "Detail": json.dumps(detail)}
    _dispatch(event, *rest)


def invoke_target(target: dict[str, Any], event: Any, rule: dict[str, Any], *rest: Any) -> None:
    """MiniStack's own, to a queue that admits the rule, or else to the dead-letter queue."""
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    for arn in (target.get("Arn", ""), dead_letters):
        if arn is None:
            break
        if ":sqs:" not in arn or _admits(arn, rule):
            _invoke({**target, "Arn": arn}, event, rule, *rest)
            return
    _log.warning("the event is lost: no queue admits rule %s", rule.get("Arn"))


def _admits(queue_arn: str, rule: dict[str, Any]) -> bool:
    source = rule.get("Arn", "")
    return bool(
        sqs.queue_policy_allows(queue_arn, "events.amazonaws.com", source, get_account_id())
    )


def install() -> None:
    """Puts the corrections into MiniStack's modules."""
    s3._fire_s3_event = fire_s3_event
    eventbridge._dispatch_event = dispatch_event
    eventbridge._invoke_target = invoke_target
