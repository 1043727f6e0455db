"""The reasons that CloudFormation and the log show: which ending this is, with its values."""

import re
from datetime import timedelta
from typing import Final

from relay.errors import AccessDenied, PermanentError, RelayError
from relay.provision.endpoint import EndpointDescription, EndpointStatus
from relay.provision.lifecycle.custom_resource import RequestType
from relay.provision.lifecycle.record import Record
from relay.provision.lifecycle.rollouts import DEPLOY_AGAIN
from relay.provision.lifecycle.stored_record import Goal
from relay.provision.specification.specification import Specification
from relay.provision.texts import call_failures, endings
from relay.provision.texts.ending import CallFailure, Ending, sentence
from relay.provision.texts.remedies import log_group, remedy

_MINUTE: Final = timedelta(minutes=1)
_THROTTLED: Final = re.compile(r"throttl|rate exceeded|TooManyRequests|RequestLimit", re.IGNORECASE)
_LEFT: Final = {
    EndpointStatus.UPDATE_ROLLBACK_FAILED: endings.LEFT_MIXED,
    EndpointStatus.OUT_OF_SERVICE: endings.LEFT_OUT_OF_SERVICE,
    EndpointStatus.FAILED: endings.LEFT_FAILED,
}

_NOT_FINISHED: Final = {
    Goal.SERVE: "it may not be in service",
    Goal.ADOPT: "its configuration is not checked",
    Goal.REMOVE: "the endpoint, its scaling, models or its configurations may still exist",
    Goal.REST: "an unused model or configuration still exists",
}


def not_ours(endpoint: EndpointDescription, record: Record) -> str:
    if record.creating or not record.generations:
        return endings.EXISTS_ALREADY.text(name=endpoint.name, config=endpoint.config)
    before = record.generations[0].config
    return endings.CHANGED_BY_ANOTHER.text(
        name=endpoint.name, config=endpoint.config, before=before, again=_again(record)
    )


def not_created(endpoint: EndpointDescription, wanted: Specification) -> str:
    return endings.NOT_CREATED.text(
        name=endpoint.name,
        status=endpoint.status.value,
        cause=_cause(endpoint),
        advice=_advice(endpoint, wanted, "correct the model or the image"),
        again=DEPLOY_AGAIN,
    )


def not_updated(endpoint: EndpointDescription, wanted: Specification, record: Record) -> str:
    """`record` is the one before the failure: it knows what follows."""
    ending = _LEFT.get(endpoint.status, endings.ROLLED_BACK)
    state = ending.state
    if ending is not endings.ROLLED_BACK and record.change_waits:
        ending = endings.LEFT_TO_THE_NEXT
    elif ending is not endings.ROLLED_BACK and not record.repairable:
        ending = endings.LEFT_AS_IT_IS
    return ending.text(
        name=endpoint.name,
        status=endpoint.status.value,
        cause=_cause(endpoint),
        state=state,
        advice=_advice(endpoint, wanted, "correct what was changed"),
        again=_again(record),
    )


def too_few_instances(wanted: Specification, count: int, again: str = DEPLOY_AGAIN) -> str:
    return endings.TOO_FEW_INSTANCES.text(
        strategy=wanted.deployment.strategy, name=wanted.endpoint_name, count=count, again=again
    )


def properties_wrong(error: Exception) -> str:
    return endings.PROPERTIES_WRONG.text(cause=error)


def given_up(record: Record, error: RelayError, waited: timedelta) -> str:
    """Return the reason for which an error that has lasted for so long ends what is under way."""
    problem, cause = _problem(error), str(error)
    return _given_up(record).text(
        name=record.endpoint_name,
        problem=problem.text.format(cause=sentence(cause), minutes=waited // _MINUTE),
        advice=remedy(cause, record.target) or problem.advice,
        again=_again(record),
    )


def scaling_not_restored(record: Record, error: RelayError) -> str:
    return endings.SCALING_NOT_RESTORED.text(
        name=record.endpoint_name,
        cause=error,
        advice=remedy(str(error), record.target) or _problem(error).advice,
    )


def not_finished(record: Record, error: RelayError, waited: timedelta) -> str:
    """`waited`: for how long AWS has refused the step."""
    problem, cause = _problem(error), str(error)
    scaling = record.goal is Goal.REST and not record.registration.sure
    return endings.NOT_FINISHED.text(
        name=record.endpoint_name,
        problem=problem.text.format(cause=sentence(cause), minutes=waited // _MINUTE),
        task="its scaling is not confirmed" if scaling else _NOT_FINISHED[record.goal],
        advice=remedy(cause, record.target) or problem.advice,
    )


def too_late(record: Record, endpoint: EndpointDescription, waited: timedelta) -> str:
    name, status, minutes = record.endpoint_name, endpoint.status.value, waited // _MINUTE
    if record.recreating and record.goal is Goal.SERVE:
        return endings.NOT_RECREATED.text(
            name=name,
            problem=f"endpoint {name} is still {status} after {minutes} minutes",
            advice="Wait until the endpoint is in service",
            again=_again(record),
        )
    advice = f"Check {log_group(name)}, where the container's output is if it has started"
    ending = _too_late(record)
    return ending.text(name=name, status=status, minutes=minutes, advice=advice)


def former_left(record: Record, waited: timedelta) -> str:
    names = ", ".join(record.former_names)
    return endings.FORMER_LEFT.text(names=names, minutes=waited // _MINUTE)


def too_old(request: RequestType) -> str:
    return endings.HELD_BACK.text(request=request.value, again=_operation(request))


def not_stored(request: RequestType, error: Exception) -> str:
    again = _operation(request)
    return endings.NOT_STORED.text(request=request.value, cause=error, again=again)


def never_its_turn(endpoint_name: str, waited: timedelta) -> str:
    return endings.NEVER_ITS_TURN.text(name=endpoint_name, minutes=waited // _MINUTE)


def existing_not_in_service(endpoint: EndpointDescription) -> str:
    if endpoint.status is EndpointStatus.ABSENT:
        return endings.NO_SUCH_ENDPOINT.text(name=endpoint.name)
    return endings.EXISTING_NOT_IN_SERVICE.text(
        name=endpoint.name, status=endpoint.status.value, cause=_cause(endpoint)
    )


def existing_unsuitable(endpoint: EndpointDescription, problems: tuple[str, ...]) -> str:
    return endings.UNSUITABLE.text(
        name=endpoint.name, config=endpoint.config, problems="; ".join(problems)
    )


def variant_missing(endpoint: EndpointDescription, problem: str) -> str:
    return endings.VARIANT_MISSING.text(name=endpoint.name, cause=problem)


def _again(record: Record) -> str:
    return record.roll_out.again if record.roll_out else DEPLOY_AGAIN


def _operation(request: RequestType) -> str:
    return "delete the stack again" if request is RequestType.DELETE else DEPLOY_AGAIN


def _given_up(record: Record) -> Ending:
    if record.goal is Goal.REMOVE:
        return endings.REMOVAL_GIVEN_UP
    if record.goal is Goal.ADOPT:
        return endings.EXISTING_NOT_CHECKED
    if record.recreating:
        return endings.NOT_RECREATED
    if record.creating:
        return endings.CREATION_GIVEN_UP
    if record.under_way:
        return endings.UPDATE_UNDER_WAY
    return endings.UPDATE_NOT_BEGUN if record.registration.sure else endings.SCALING_UNSURE


def _too_late(record: Record) -> Ending:
    if record.goal is Goal.REMOVE:
        return endings.REMOVAL_TOO_LATE
    if record.goal is Goal.ADOPT:
        return endings.EXISTING_TOO_LATE
    if record.creating:
        return endings.CREATION_TOO_LATE
    return endings.UPDATE_TOO_LATE if record.under_way else endings.UPDATE_HELD_UP


def _problem(error: RelayError) -> CallFailure:
    if isinstance(error, AccessDenied):
        return call_failures.DENIED
    if isinstance(error, PermanentError):
        return call_failures.REFUSED
    return call_failures.THROTTLED if _THROTTLED.search(str(error)) else call_failures.NO_RESPONSE


def _cause(endpoint: EndpointDescription) -> str:
    return endpoint.failure_reason.strip() or "SageMaker gives no reason"


def _advice(endpoint: EndpointDescription, wanted: Specification, otherwise: str) -> str:
    # After a rollback SageMaker's reason has been seen empty; alarms are a likely cause then.
    watched = endpoint.status is EndpointStatus.IN_SERVICE and wanted.deployment.alarms
    message = endpoint.failure_reason.strip() or ("alarm" if watched else "")
    return remedy(message, wanted) or (
        f"If the container has started, its output is in {log_group(endpoint.name)}: check it, and "
        f"{otherwise}"
    )
