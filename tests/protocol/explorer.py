"""An explicit-state explorer: visits every state that a system can reach, and finds how it ends."""

import gc
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

State = TypeVar("State", bound=Hashable)


class Step(NamedTuple, Generic[State]):
    """One thing that can happen next.

    A fair step happens sooner or later when nothing else does. An unfair one (a fault, the passing
    of time) may never happen.
    """

    label: str
    state: State
    fair: bool = True


class Endless(AssertionError):
    """The system can run in a circle, so that some run never ends."""


@dataclass(frozen=True)
class Exploration(Generic[State]):
    """Every state that was reached, and how.

    `ends` are the states in which no fair step is left: the system may stay there for good.
    """

    came_from: dict[State, tuple[State, str] | None]
    ends: tuple[State, ...]

    def trace(self, state: State) -> list[str]:
        """The labels of a shortest run to a state."""
        labels = []
        while (origin := self.came_from[state]) is not None:
            state, label = origin
            labels.append(label)
        return labels[::-1]


def explore(
    initial: State, steps: Callable[[State], Iterable[Step[State]]], at_most: int = 2_000_000
) -> Exploration[State]:
    """Visits all states breadth first.

    Raises:
        Endless: a run can come back to a state it has been in.
        AssertionError: there are more than `at_most` states.
    """
    came_from: dict[State, tuple[State, str] | None] = {initial: None}
    # States by number: to look one up, Python computes the hash of all that is in it.
    numbers, arrivals, following = {initial: 0}, [0], list[list[int]]()
    ends = []
    waiting = deque([initial])
    with _without_garbage_collection():
        while waiting:
            state = waiting.popleft()
            fair = False
            after: list[int] = []
            for step in steps(state):
                fair = fair or step.fair
                number = numbers.setdefault(step.state, len(arrivals))
                if number == len(arrivals):
                    arrivals.append(0)
                    came_from[step.state] = (state, step.label)
                    waiting.append(step.state)
                arrivals[number] += 1
                after.append(number)
            following.append(after)
            if not fair:
                ends.append(state)
            assert len(arrivals) <= at_most, f"more than {at_most} states"
        _check_that_every_run_ends(following, arrivals)
    return Exploration(came_from, tuple(ends))


def _check_that_every_run_ends(following: list[list[int]], arrivals: list[int]) -> None:
    """A finite graph without circles has no endless run. Kahn's algorithm."""
    ready = [0] if arrivals[0] == 0 else []
    sorted_states = 0
    while ready:
        sorted_states += 1
        for after in following[ready.pop()]:
            arrivals[after] -= 1
            if arrivals[after] == 0:
                ready.append(after)
    if sorted_states != len(following):
        raise Endless(f"{len(following) - sorted_states} states lie on or behind a circle")


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """States have no cycles, and Python would look for some among all of them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def runs_that_show(
    initial: State,
    steps: Callable[[State], Iterable[Step[State]]],
    shown: Sequence[str],
    show: Callable[[str], str | None],
) -> frozenset[State]:
    """The states in which the system can be after it has shown exactly this, in this order.

    `show` gives what can be seen of a step by its label; None for a step that cannot be seen.
    """

    def unseen(states: Iterable[State]) -> frozenset[State]:
        reached = set(states)
        waiting = list(reached)
        while waiting:
            for step in steps(waiting.pop()):
                if show(step.label) is None and step.state not in reached:
                    reached.add(step.state)
                    waiting.append(step.state)
        return frozenset(reached)

    states = unseen([initial])
    for seen in shown:
        states = unseen(
            step.state for state in states for step in steps(state) if show(step.label) == seen
        )
    return states
