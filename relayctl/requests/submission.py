"""Calls of the submit function that may be repeated."""

from collections.abc import Mapping
from time import sleep
from typing import Any

from relayctl.deployment import Deployment
from relayctl.errors import RelayctlError

_INCOMPLETE = "deliveries were not processed"
_PAUSES = (1.0, 3.0)  # seconds


def call_submit(deployment: Deployment, call: Mapping[str, object]) -> dict[str, Any]:
    """Call submit with requests whose ids are their own, and again where that may help.

    The function fails as a whole if the ledger or the endpoint did not answer for one request. What
    it has submitted is a duplicate of the repetition.

    Raises:
        RelayctlError: the function failed again.
    """
    for pause in _PAUSES:
        try:
            return deployment.call("SubmitFunctionName", call)
        except RelayctlError as error:
            if _INCOMPLETE not in str(error):
                raise
        sleep(pause)
    return deployment.call("SubmitFunctionName", call)
