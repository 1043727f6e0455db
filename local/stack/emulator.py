"""The endpoint emulator's own interface: its faults, its counters and its pace."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import urllib3

from local.errors import LocalStackError
from local.stack.root_user import signed_headers
from local.stack.settings import StackSettings


def set_faults(settings: StackSettings, faults: Mapping[str, float | int]) -> None:
    """Raises LocalStackError when the emulator refuses them."""
    _call(settings, "PUT", "/_emulator/faults", faults)


def read_counters(settings: StackSettings) -> Mapping[str, int]:
    """What has happened, by the names in `async_endpoint_emulator.counters`, and `backlog`."""
    state = _call(settings, "GET", "/_emulator/state")
    return {name: number for name, number in state.items() if isinstance(number, int)}


def set_pace(settings: StackSettings, time_factor: float) -> None:
    """Seconds that a second of alarms and cooldowns takes. Raises LocalStackError."""
    _call(settings, "PUT", "/_emulator/pace", {"time_factor": time_factor})


def _call(settings: StackSettings, method: str, path: str, body: object = None) -> dict[str, Any]:
    url, sent = (
        f"{settings.sagemaker_url}{path}",
        b"" if body is None else json.dumps(body).encode(),
    )
    headers = signed_headers(settings, method, url, sent)
    try:
        answer = urllib3.request(method, url, body=sent, headers=headers, timeout=10, retries=False)
    except urllib3.exceptions.HTTPError as exc:
        raise LocalStackError(f"the emulator does not answer: {exc}") from exc
    text = answer.data.decode()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise LocalStackError(f"the emulator answered {answer.status} to {path}: {text}")
    document: dict[str, Any] = json.loads(text or "{}")
    return document
