"""The endpoint emulator's own interface: its faults, its counters and its pace."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TypeVar

from async_endpoint_emulator.client import Client, EmulatorError
from async_endpoint_emulator.documents import read_document
from async_endpoint_emulator.errors import InvalidConfiguration
from async_endpoint_emulator.faults import Faults

from local.errors import LocalStackError
from local.stack import root_user
from local.stack.settings import REGION, StackSettings

T = TypeVar("T")


def set_faults(settings: StackSettings, faults: Mapping[str, float | int]) -> None:
    """Raises LocalStackError when the emulator refuses them."""
    _call(settings, lambda client: client.set_faults(read_document(Faults, faults)))


def read_counters(settings: StackSettings) -> Mapping[str, int]:
    """What has happened, by the names in `async_endpoint_emulator.counters`, and `backlog`."""
    state = _call(settings, Client.state)
    return {**asdict(state.counters), "backlog": state.backlog}


def set_pace(settings: StackSettings, time_factor: float) -> None:
    """Seconds that a second of alarms and cooldowns takes. Raises LocalStackError."""
    _call(settings, lambda client: client.set_time_factor(time_factor))


def add_containers(settings: StackSettings, commands: Mapping[str, str]) -> None:
    """Has the emulator run these commands too, until it stops: each for the images whose URI its
    regular expression matches. Raises LocalStackError."""
    _call(settings, lambda client: client.add_containers(commands))


def _call(settings: StackSettings, call: Callable[[Client], T]) -> T:
    root = root_user.read(settings)
    credentials = (root.access_key_id, root.secret_access_key)
    try:
        return call(Client(settings.sagemaker_url, credentials, REGION))
    except (EmulatorError, InvalidConfiguration) as exc:
        raise LocalStackError(str(exc)) from exc
