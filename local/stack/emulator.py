"""The endpoint emulator's own interface: its faults, its counters and its sessions."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import urllib3

from local.errors import LocalStackError
from local.stack.settings import StackSettings


def set_faults(settings: StackSettings, faults: Mapping[str, float | int]) -> None:
    """Raises LocalStackError when the emulator refuses them."""
    _call(settings, "PUT", "/_emulator/faults", faults)


def read_counters(settings: StackSettings) -> Mapping[str, int]:
    """What has happened, by the names in `async_endpoint_emulator.counters`, and `backlog`."""
    state = _call(settings, "GET", "/_emulator/state")
    return {name: number for name, number in state.items() if isinstance(number, int)}


def put_session(settings: StackSettings, access_key_id: str, role: str, name: str) -> None:
    """Says whose an access key is; the emulator cannot ask STS. Raises LocalStackError."""
    session = {"role": role, "session_name": name}
    _call(settings, "PUT", f"/_emulator/sessions/{access_key_id}", session)


def _call(settings: StackSettings, method: str, path: str, body: object = None) -> dict[str, Any]:
    try:
        answer = urllib3.request(
            method, f"{settings.sagemaker_url}{path}", json=body, timeout=10, retries=False
        )
    except urllib3.exceptions.HTTPError as exc:
        raise LocalStackError(f"the emulator does not answer: {exc}") from exc
    text = answer.data.decode()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise LocalStackError(f"the emulator answered {answer.status} to {path}: {text}")
    document: dict[str, Any] = json.loads(text or "{}")
    return document
