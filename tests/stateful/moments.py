"""What happens at a step: a fault, or the run of another function."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relay.errors import Unanswered

from tests.support.fakes.ports import Crash, Faults


class Moments(Faults):
    """Faults, and what else happens at the same time: at the n-th step from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.fired = 0
        self.doubts = 0  # those after which it is unknown what was done
        self._meanwhile: dict[int, Callable[[], None]] = {}

    def plan_meanwhile(self, act: Callable[[], None], *, nth: int) -> None:
        """Has another function run between two steps of the one that works now."""
        self._meanwhile[len(self.steps) + nth] = act

    def forget(self) -> None:
        """Nothing that was planned and has not happened happens any more."""
        self._planned.clear()
        self._meanwhile.clear()
        self.steps.clear()
        self._numbers.clear()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        act = self._meanwhile.pop(len(self.steps) + 1, None)
        if act is not None:
            act()
        try:
            with super().step(name):
                yield
        except BaseException as error:
            self.fired += 1
            self.doubts += name != "endpoint.invoke" or isinstance(error, Crash | Unanswered)
            raise
