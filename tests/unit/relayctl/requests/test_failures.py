"""The command that `relayctl status` names next."""

import pytest
from relay.model import RequestState

from relayctl.app import COMMANDS
from relayctl.requests.failures import next_command

WITHOUT = (RequestState.UNKNOWN, RequestState.UNREADABLE, RequestState.COMPLETED)


@pytest.mark.parametrize("state", [*RequestState, "not_submitted"])
@pytest.mark.parametrize("location", ["s3://bucket/inputs/a.csv", None])
def test_is_a_command_that_exists(state: str, location: str | None) -> None:
    attempts = [{"input_location": location}]
    request = {"request_id": "c" * 32, "state": state, "attempts": attempts}

    command = next_command(request)

    if state in WITHOUT:
        assert command is None
    else:
        assert command is not None
        program, name, *_ = command.split()
        assert program == "relayctl"
        assert name in {each.name for each in COMMANDS}
