"""Work in threads, which an interruption by the keyboard does not cut off in the middle."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

Result = TypeVar("Result")
# Python notices a signal that arrives just before a wait only when the wait ends.
_NOTICE_SECONDS = 0.2


def in_threads(works: Sequence[Callable[[], Result]], stop: Callable[[], None]) -> list[Result]:
    """Run works side by side, and return their results in order.

    Args:
        stop: called when one of them raises, or at an interruption. The works then have to end
            soon; the exception leaves this function when all of them have ended.
    """
    begin = Event()

    def run(work: Callable[[], Result]) -> Result:
        # An interruption before all threads are there would leave one that is never waited for.
        begin.wait()
        return work()

    with ThreadPoolExecutor(max(len(works), 1)) as threads:
        try:
            running = [threads.submit(run, work) for work in works]
            begin.set()
            pending: set[Future[Result]] = set(running)
            while pending:
                done, pending = wait(pending, _NOTICE_SECONDS, FIRST_COMPLETED)
                for each in done:
                    each.result()
            return [each.result() for each in running]
        except BaseException:
            stop()
            begin.set()
            raise
