"""Jobs: each request of a batch with its attempt and its delivery."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from relay.delivery.dispositions import Broken
from relay.delivery.isolation import unexpected
from relay.ids import attempt_id
from relay.model import Attempt, Delivery, Incoming, InferenceRequest, Job
from relay.settings import SubmitSettings
from relay.submit.limits import problems
from relay.submit.output_locations import OutputLocations

# Limits of a ledger item, above those of SageMaker and S3. A request that exceeds SageMaker's
# limits is claimed too, to be rejected; its item omits longer texts.
_LONGEST_SECONDS = 86_400
_LONGEST_TEXT = 2_048


def jobs(
    incoming: Iterable[Incoming[InferenceRequest]],
    settings: SubmitSettings,
    now: datetime,
    locations: OutputLocations,
) -> Iterator[Job | Broken]:
    """Yield a job for each request of a batch, with the defaults of its prefix and the deployment.

    A request of which no job can be made is broken.
    """
    for item in incoming:
        for bare in item.contents:
            try:
                yield _job(item.delivery, bare, settings, now, locations)
            except Exception as error:
                yield Broken(item.delivery, unexpected(error), attempt_id(bare.id, bare.attempt))


def _job(
    delivery: Delivery,
    bare: InferenceRequest,
    settings: SubmitSettings,
    now: datetime,
    locations: OutputLocations,
) -> Job:
    request = settings.inputs.with_defaults(bare)
    request = replace(
        request,
        content_type=request.content_type or settings.content_type,
        accept=request.accept or settings.accept,
        requested_at=bare.requested_at or delivery.sent_at or now,
    )
    extension = locations.extension(request.location)
    output = locations.predict(attempt_id(request.id, request.attempt), extension)
    return Job(
        delivery,
        request,
        _attempt(delivery, request, settings, now, output),
        extension,
        "; ".join(problems(request, settings.inputs)),
    )


def _attempt(
    delivery: Delivery,
    request: InferenceRequest,
    settings: SubmitSettings,
    now: datetime,
    output_location: str,
) -> Attempt:
    ttl = _bounded(request.ttl_seconds or settings.ttl_seconds)
    timeout = _bounded(request.timeout_seconds or settings.timeout_seconds)
    return Attempt(
        id=attempt_id(request.id, request.attempt),
        request_id=request.id,
        number=request.attempt,
        claimed_by=delivery.message_id,
        endpoint=settings.endpoint,
        submitted_at=now,
        # An inference ends within TTL and timeout; its notification may arrive a little later.
        due_at=now + timedelta(seconds=ttl + timeout + settings.slack_seconds),
        location=request.location,
        version_id=_kept(request.version_id),
        etag=_kept(request.etag),
        content_type=_kept(request.content_type),
        accept=_kept(request.accept),
        custom_attributes=_kept(request.custom_attributes),
        ttl_seconds=ttl,
        timeout_seconds=timeout,
        requested_at=request.requested_at,
        output_location=output_location,
        resubmission_of=request.resubmission_of,
    )


def _bounded(seconds: int) -> int:
    return max(0, min(seconds, _LONGEST_SECONDS))


def _kept(value: str | None) -> str | None:
    return None if value is None or len(value) > _LONGEST_TEXT else value
