"""What the client waits for."""

from async_endpoint_emulator.client import calls


def test_a_long_tick_may_take_long() -> None:
    day, moment = calls.tick(86_400), calls.tick(1)

    assert day.timeout > 1000
    assert moment.timeout < 65
