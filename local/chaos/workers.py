"""Kills processes in which MiniStack runs Lambda functions, as a crash of Lambda would."""

import os
import signal
import time
from collections.abc import Callable, Collection, Iterator

from local.chaos.agenda import Agenda
from local.chaos.schedule import Dose
from local.load.usage import MINISTACK, function_workers
from local.machine.process_table import Row, read_table
from local.machine.processes import read_records
from local.stack.settings import StackSettings


class Killer:
    """Follows a schedule of kills, of the workers of one stack only."""

    def __init__(
        self,
        settings: StackSettings,
        functions: Collection[str],
        kills: Iterator[Dose],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`functions` are names; without any, nothing is killed."""
        self._settings = settings
        self._functions = functions
        self._agenda = Agenda(kills, now)
        self.killed = 0

    def strike(self) -> None:
        """Kills a worker if the time has come and one runs."""
        kill = self._agenda.due()
        # Sorted by id, so that the same workers and the same schedule give the same victim.
        if kill and (workers := sorted(self._workers(), key=lambda row: row.pid)):
            self.killed += _kill(kill.choose(workers).pid)

    def _workers(self) -> list[Row]:
        # Read again each time: only a MiniStack of this very stack may lose children.
        for record in read_records(self._settings.records):
            if record.name == MINISTACK and record.alive:
                table = read_table()
                return [
                    row
                    for function in self._functions
                    for row in function_workers(table, record.pid, function)
                ]
        return []


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has just ended by itself
        return False
    return True
