"""The check of `Custom::Locations`: prefixes that cannot loop, and buckets that can be used.

The state of a bucket is its owner's, and can change at any time. So it fails a deployment only if
the stack had not accepted this bucket before: otherwise it is logged. An update and its rollback
therefore succeed whatever became of the former bucket. The physical resource id remembers which
buckets were accepted: those of the last deployment, and those of the one before, to which
CloudFormation rolls back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from relay.errors import AccessDenied, PermanentError, RelayError
from relay.events.custom_resource import CustomResourceRequest
from relay.provision.buckets import Buckets, command_to_send_events
from relay.provision.locations import Locations

_INPUTS: Final = "inputs:"
_OUTPUTS: Final = "outputs:"
_BEFORE: Final = "//"
# How long IAM may take to know a new permission, after which one that is missing is refused.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
_KNOWN_AFTER: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Checked:
    """`reason` fails the deployment; `warnings` are about buckets that were accepted before."""

    id: str
    reason: str = ""
    warnings: tuple[str, ...] = ()


def check(request: CustomResourceRequest, buckets: Buckets, region: str, now: datetime) -> Checked:
    """Check the locations of a Create or an Update.

    Raises:
        TransientError: a bucket that is new to the stack cannot be looked at for now.
    """
    locations = Locations.of(request.properties)
    current, _, before = request.physical_resource_id.partition(_BEFORE)
    accepted = {*current.split("/"), *before.split("/")}
    found = list(locations.problems())
    warnings: list[str] = []
    for mark, bucket in _others(locations):
        known = mark + bucket in accepted
        try:
            problems = list(_problems(mark, bucket, buckets, region))
        except AccessDenied as error:
            if not known and now < request.sent_at(now) + _KNOWN_AFTER:
                raise
            problems = [_denied(bucket, error)]
        except PermanentError as error:
            problems = [f"bucket {bucket} cannot be used: {error}"]
        except RelayError as error:
            if not known:
                raise
            problems = [str(error)]
        # One bucket can be that of inputs and of outputs.
        noted = warnings if known else found
        noted.extend(each for each in problems if each not in noted)
    reason = f"the locations are wrong: {'; '.join(found)}" if found else ""
    id = request.physical_resource_id if found else _id(request, locations, current)
    return Checked(id or request.logical_resource_id, reason, tuple(warnings))


def _others(locations: Locations) -> Iterator[tuple[str, str]]:
    """The buckets that are not the stack's own."""
    own = locations.own_bucket
    for mark, bucket in ((_INPUTS, locations.input_bucket), (_OUTPUTS, locations.output_bucket)):
        if bucket and bucket != own:
            yield mark, bucket


def _problems(mark: str, bucket: str, buckets: Buckets, region: str) -> Iterator[str]:
    if (its_region := buckets.region(bucket)) != region:
        yield (
            f"bucket {bucket} is in {its_region}, and the stack in {region}; use a bucket of the "
            "stack's region"
        )
    elif mark == _INPUTS and not (found := buckets.notifications(bucket)).event_bridge:
        yield (
            f"bucket {bucket} does not send its events to EventBridge, so that no upload arrives; "
            f"switch them on: {command_to_send_events(bucket, found)}"
        )


def _denied(bucket: str, error: AccessDenied) -> str:
    return (
        f"bucket {bucket} cannot be checked: {error}; it has to be a bucket of the stack's "
        "account, whose policy does not deny this to the role of the provision function"
    )


def _id(request: CustomResourceRequest, locations: Locations, current: str) -> str:
    wanted = "/".join(
        (request.logical_resource_id, *(mark + bucket for mark, bucket in _others(locations)))
    )
    return request.physical_resource_id if wanted == current else f"{wanted}{_BEFORE}{current}"
