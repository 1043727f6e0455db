"""Topics with a KMS key: MiniStack encrypts nothing, and asks no publisher for the key.

Here its CloudFormation passes the key on. SNS uses the key with the permissions of the publisher,
who needs kms:GenerateDataKey and kms:Decrypt on it, so a publisher without them is refused.
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html

The AWS managed key (alias/aws/sns) allows every principal of the account that may use SNS.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import kms, sns
from ministack.services.cloudformation import provisioners

_KEY = "KmsMasterKeyId"
_NEEDED = ("kms:GenerateDataKey", "kms:Decrypt")
# The codes of SNS for the states of a key, from the errors of Publish in its service model.
_STATES = {"Disabled": "KMSDisabled", "PendingDeletion": "KMSInvalidState"}

Refusal = tuple[int, dict[str, str], bytes] | None

_enforce_topic_policy = sns._enforce_topic_policy


def enforce_topic_policy(topic: dict[str, Any], action: str) -> Refusal:
    """MiniStack's own, and what SNS says to a publisher who may not use the topic's key."""
    refusal: Refusal = _enforce_topic_policy(topic, action)
    key_id = str(topic["attributes"].get(_KEY) or "")
    publisher: str = iam_evaluator._verified_key.get()
    is_protected = bool(key_id) and not key_id.startswith("alias/aws/")
    if refusal is None and publisher and action == "sns:Publish" and is_protected:
        refusal = _refusal(key_id, publisher)
    return refusal


def _refusal(key_id: str, access_key_id: str) -> Refusal:
    key = kms._resolve_key(key_id)
    if key is None:
        return _error("KMSNotFound", f"Key {key_id} does not exist")
    if code := _STATES.get(key["KeyState"]):
        return _error(code, f"{key['Arn']} is {key['KeyState']}")
    via = {"kms:ViaService": f"sns.{get_region()}.amazonaws.com"}
    for action in _NEEDED:
        denied = iam_evaluator.enforce(
            access_key_id, action, "kms", get_region(), key["Arn"], service_context=via
        )
        if denied is not None:
            return _error(
                "KMSAccessDenied",
                f"User: {iam_evaluator.caller_arn()} is not authorized to perform: {action} on "
                f"resource: {key['Arn']}",
            )
    return None


def _error(code: str, message: str) -> Refusal:
    refusal: Refusal = sns._error(code, message, 400)
    return refusal


def with_key(make: Callable[..., Any], position: int) -> Callable[..., Any]:
    """MiniStack's own handler of topics, and the key; `position`: of the wanted properties."""

    def made(*arguments: Any, **named: Any) -> Any:
        arn, attributes = make(*arguments, **named)
        topic = sns._topics[arn]["attributes"]
        topic.pop(_KEY, None)
        if key := arguments[position].get(_KEY):
            topic[_KEY] = key
        return arn, attributes

    return made


def install() -> None:
    """Puts the corrections into MiniStack's modules."""
    sns._enforce_topic_policy = enforce_topic_policy
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"]
    # (logical id, properties, …) and (physical id, old properties, new properties, …)
    for name, position in (("create", 1), ("update", 2)):
        handlers[name] = with_key(handlers[name], position)
