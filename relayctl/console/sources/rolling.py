"""The endpoint with its roll-outs, and asking provision for another one."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from relayctl.deployment import Deployment
from relayctl.endpoint.state import DESCRIBING, State, artifact
from relayctl.errors import RelayctlError

ENDPOINT_NEEDS: Final = DESCRIBING

STRATEGIES: Final = ("AllAtOnce", "Canary", "Linear", "Rolling")
# Responses after which the roll-out has not ended.
_GOES_ON: Final = ("accepted", "waiting", "known")


@dataclass(frozen=True, slots=True)
class RollOut:
    """A deployment or a rollback that a person is asked about.

    `request_id` lets provision recognise a repeated call.
    """

    action: str
    endpoint: str
    before: str
    after: str
    model_data_url: str
    strategy: str
    request_id: str


def roll_out(deployment: Deployment, action: str, model: str, strategy: str) -> RollOut:
    """Return what a deployment or a rollback would do.

    Raises:
        RelayctlError: it can never begin, or the function failed.
    """
    if action not in ("deploy", "rollback") or strategy not in ("", *STRATEGIES):
        raise RelayctlError(f"{action} {strategy} is no change of an endpoint")
    if action == "deploy" and not model.startswith("s3://"):
        raise RelayctlError(f"{model!r} is not an S3 URI: upload the archive first")
    state = State.of(deployment)
    serving = state.document["serving"]
    after = model
    if action == "rollback":
        # During a roll-out, back is what serves now.
        back = serving if state.document["under_way"] else state.document["rollback_to"]
        if back is None:
            raise RelayctlError("there is nothing to go back to: the endpoint has one generation")
        after = artifact(back)
    name, before = str(state.endpoint["name"]), artifact(serving)
    return RollOut(action, name, before, after, model, strategy, uuid.uuid4().hex)


def begin(deployment: Deployment, asked: RollOut, asked_by: str) -> tuple[bool, str]:
    """Ask provision for it; return whether it goes on, and its answer in words.

    Raises:
        RelayctlError: the function failed.
    """
    request: dict[str, Any] = {
        "action": asked.action,
        "asked_by": asked_by,
        "request_id": asked.request_id,
    }
    if asked.action == "deploy":
        request["model_data_url"] = asked.model_data_url
    if asked.strategy:
        request["deployment"] = {"strategy": asked.strategy}
    answer = deployment.provision(request)
    status, reason = str(answer["status"]), str(answer.get("reason") or "")
    return status in (*_GOES_ON, "unchanged"), ": ".join(filter(None, (status, reason)))
