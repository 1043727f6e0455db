"""Calls that hang: they take time of a fake clock, and end without an answer."""

from collections.abc import Collection, Mapping

from relay.budget import Budget
from relay.errors import NotTried, RelayError, Unanswered

from tests.support.fakes.ports import FakeClock

# How long an address that did not answer is not called again, as with the adapter.
REST_SECONDS = 15.0


class Hangs:
    """The seconds after which the SDK gives up a call that hangs, by the name of the call.

    A name is a step of `Faults` ("ledger.look_up", "endpoint.invoke", "queues.come_back"), the part
    before its dot ("ledger": every call of it), or the address of a target or queue. A call has no
    effect. As with the adapters, a call that would outlast the budget is not made, a service that
    did not answer is not called again in the same invocation, and an address rests.
    """

    def __init__(self, clock: FakeClock, budget: Budget) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._budget = budget
        self._silent: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}

    def call(self, step: str) -> RelayError | None:
        """Make a call of a service; the error if it hangs or is not made."""
        service = step.partition(".")[0]
        if service != "queues" and self._silent.get(service) == self._budget.invocation:
            return NotTried(f"{step}: {service} did not answer before")
        hanging = self.seconds.get(step, self.seconds.get(service))
        if hanging is None:
            return None
        if hanging > self._budget.left():
            return NotTried(f"{step}: no time is left")
        self._silent[service] = self._budget.invocation
        self._clock.advance(hanging)
        return Unanswered(f"{step}: no answer within {hanging} s")

    def send(self, addresses: Collection[str]) -> Mapping[str, RelayError]:
        """Send to addresses side by side; the errors by address. The longest call counts."""
        now = self._clock.now().timestamp()
        errors: dict[str, RelayError] = {}
        longest = 0.0
        for address in addresses:
            hanging = self.seconds.get(address)
            if self._rests_until.get(address, 0.0) > now:
                errors[address] = NotTried(f"send to {address}: no answer before")
            elif hanging is None:
                continue
            elif hanging > self._budget.left():
                errors[address] = NotTried(f"send to {address}: no time is left")
            else:
                errors[address] = Unanswered(f"send to {address}: no answer within {hanging} s")
                longest = max(longest, hanging)
                self._rests_until[address] = now + hanging + REST_SECONDS
        self._clock.advance(longest)
        return errors
