"""Calls side by side: in threads, for which the caller waits no longer than its budget."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from relay.budget import Budget
from relay.delivery.isolation import unexpected
from relay.errors import NotTried, RelayError, Unanswered

_Thing = TypeVar("_Thing")
_Answer = TypeVar("_Answer")


class SideBySide:
    """Threads of an execution environment, at most `most`, made when they are first needed.

    A thread whose call hangs is free again when the call's own limits end it.
    """

    def __init__(self, budget: Budget, most: int, name: str) -> None:
        self._budget = budget
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)

    def __call__(
        self, call: Callable[[_Thing], _Answer], things: Sequence[_Thing]
    ) -> list[_Answer | RelayError]:
        """Make a call for each thing. Return the answers in their order.

        A call that was not begun in time is NotTried; one that did not end in time, Unanswered.
        """
        futures: list[Future[_Answer | RelayError]] = [
            self._threads.submit(call, thing) for thing in things
        ]
        wait(futures, timeout=self._budget.left())
        answers: list[_Answer | RelayError] = []
        for future in futures:
            if future.cancel():
                answers.append(NotTried("no time was left for the call"))
            elif future.done():
                answers.append(_outcome(future))
            else:
                answers.append(Unanswered("the call was not answered in time"))
        return answers


def _outcome(future: Future[_Answer | RelayError]) -> _Answer | RelayError:
    try:
        return future.result()
    except Exception as error:
        return unexpected(error)
