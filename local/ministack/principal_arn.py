"""The condition key `aws:PrincipalArn`.

For a session of a role it is the ARN of the role. MiniStack's own is that of the session, so that a
policy which excepts roles from a denial denies them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import re
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

_SESSION = re.compile(r"arn:[^:]+:sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")

_resolve_condition_key = iam_evaluator._resolve_condition_key


def resolve_condition_key(key: str, context: Any) -> Any:
    """MiniStack's own, with the role in place of its session."""
    value = _resolve_condition_key(key, context)
    if key.lower() != "aws:principalarn" or not (session := _SESSION.fullmatch(str(value))):
        return value
    role = iam._roles.get_scoped(session["account"], None, session["role"])
    return role["Arn"] if role else value


def install() -> None:
    iam_evaluator._resolve_condition_key = resolve_condition_key
