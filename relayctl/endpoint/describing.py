"""`endpoint`: its state as a person reads it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from relayctl.commands import Context
from relayctl.deployment import Deployment
from relayctl.endpoint.state import DESCRIBING, State, artifact
from relayctl.errors import REFUSALS, Exit
from relayctl.output import plain
from relayctl.times import ago, local

NEEDS: Final = (*DESCRIBING, "cloudwatch:GetMetricStatistics")
# SageMaker publishes the metric each minute, and CloudWatch has it a little later.
_BACKLOG_AGE: Final = timedelta(minutes=5)


def endpoint(context: Context) -> Exit:
    """Show the endpoint: status, instances, model, backlog, the last change, and what to do next.

    Ends with 1 if it is not in service and nothing is in progress, or cannot be used as it is.
    """
    state = State.of(context.deployment)
    backlog = _backlog(context.deployment, state.endpoint["name"])
    context.output.document({**state.document, "backlog": backlog, "next_step": _next(state)})
    for line in _lines(state, backlog):
        context.output.text(line)
    settled_badly = not state.in_service and not state.changing
    return Exit.ATTENTION if settled_badly or state.problems else Exit.DONE


def _backlog(deployment: Deployment, name: str) -> int | None:
    """Return the requests that the endpoint has queued and in process; None if unknown.

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
    """
    now = datetime.now(UTC)
    try:
        answer = deployment.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="ApproximateBacklogSize",
            Dimensions=[{"Name": "EndpointName", "Value": name}],
            StartTime=now - _BACKLOG_AGE,
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in REFUSALS:
            return None
        raise
    points = sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])
    return round(points[-1]["Maximum"]) if points else None


def _lines(state: State, backlog: int | None) -> Iterator[str]:
    described, found = state.document, state.endpoint
    color = "green" if state.in_service else "yellow" if state.changing else "red"
    yield f"endpoint [bold]{plain(found['name'])}[/]  [{color}]{plain(state.status)}[/]"
    if reason := found["failure_reason"]:
        yield f"  reason       {plain(reason)}"
    if not state.absent:
        instances = found["instances"]
        yield f"  instances    {instances['current']} of {instances['desired']}"
        yield f"  scaling      {_scaling(described['scaling'])}"
        yield f"  backlog      {'unknown' if backlog is None else f'{backlog} requests'}"
    if serving := described["serving"]:
        yield f"  serving      {plain(artifact(serving))}"
        for name in ("model_data_version", "image", "instance_type", "config"):
            if value := serving.get(name):
                yield f"    {name.removeprefix('model_data_').replace('_', ' '):<14}{plain(value)}"
    if before := described["rollback_to"]:
        yield f"  before       {plain(artifact(before))}"
    if existing := described["existing"]:
        usable = "cannot be used" if existing["problems"] else "can be used"
        yield f"  existing     not made by the relay; it {usable}"
        yield from (f"    {plain(each)}" for each in existing["problems"])
    yield from _changes(described)
    if step := _next(state):
        yield f"  next         {plain(step)}"


def _scaling(scaling: Mapping[str, Any] | None) -> str:
    if scaling is None:
        return "none: the number of instances is constant"
    text = (
        f"{scaling['minimum']} to {scaling['maximum']} instances, "
        f"{scaling['target_backlog']} requests for each"
    )
    if scaling.get("schedule"):
        text += f", {len(scaling['schedule'])} scheduled"
    return text if scaling["sure"] else f"{text}; not confirmed yet"


def _changes(described: Mapping[str, Any]) -> Iterator[str]:
    now = datetime.now(UTC)
    if change := described["under_way"]:
        yield f"  in progress  {_change(change)}, for {ago(change['asked_at'], now)}"
    if request := described["waiting"]:
        yield (
            f"  stack        CloudFormation's {request['request']} waits for a response, until "
            f"{local(request['until'])} at the latest"
        )
    if change := described["queued"]:
        yield f"  queued       {_change(change)}, for {ago(change['asked_at'], now)}"
    if change := described["last_roll_out"]:
        outcome = change["outcome"]
        color = "green" if outcome in ("succeeded", "unchanged") else "red"
        yield (
            f"  last change  {_change(change)}, {local(change['ended_at'])}: [{color}]{outcome}[/]"
        )
        if reason := change["reason"]:
            yield f"    {plain(reason)}"


def _change(change: Mapping[str, Any]) -> str:
    what = f" of {', '.join(change['changes'])}" if change["changes"] else ""
    return f"{change['kind']}{plain(what)} by {plain(change['asked_by'])}"


def _next(state: State) -> str | None:
    """Return what a person can do next, if anything."""
    if state.problems:
        return "correct the existing endpoint as its problems say, and deploy the stack again"
    if state.changing:
        return "wait: relayctl endpoint shows the progress"
    if state.in_service:
        return None
    if state.absent:
        return "deploy the stack; uploads wait in SubmitQueue"
    if state.document["rollback_to"]:
        return "relayctl rollback, or relayctl deploy with a model that can serve"
    return "relayctl deploy with a model that can serve, or deploy the stack again"
