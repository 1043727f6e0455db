"""A runbook as an operator follows it: the commands of its page, in a shell."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.support.pages.runbooks import DO, KNOW, SEE, Runbook, runbook
from tests.support.pages.terminal import Terminal

# 0, and 1 for what needs a person (docs/reference/relayctl.md).
_STATUSES = {0, 1}
_COMMAND_SECONDS = 120.0
_SECONDS = 60.0
# Of the progress, which a terminal shows.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_COMMENT = re.compile(r"\s+# .*$", re.M)


class Following:
    """Runs the commands of a runbook, with what the reader puts in for its placeholders.

    `names` are placeholders such as KEY and ID, with their values.
    """

    def __init__(self, book: Runbook, terminal: Terminal, names: dict[str, str]) -> None:
        self.names = names
        self._terminal = terminal
        self._commands = {
            part: [_COMMENT.sub("", each) for each in book.commands(part)]
            for part in (SEE, DO, KNOW)
        }
        self._run: set[str] = set()

    @property
    def left(self) -> set[str]:
        """The commands that have not been run."""
        return {each for part in self._commands.values() for each in part} - self._run

    def see(self, *texts: str) -> str:
        """Run all commands of "How to see it" until they show the texts, and return all."""
        return self._until(SEE, texts)

    def do(self, begin: str) -> str:
        """Run the command of "What to do" that begins so, and return what it shows."""
        [command] = [each for each in self._commands[DO] if each.startswith(begin)]
        return self._shown(command)

    def know(self, *texts: str, never: tuple[str, ...] = ()) -> str:
        """Run all of "How to know that it worked" until they show the texts, and none of `never`.

        Return what they show.
        """
        return self._until(KNOW, texts, never)

    def _until(self, part: str, texts: Sequence[str], never: Sequence[str] = ()) -> str:
        assert texts and self._commands[part]
        deadline = time.monotonic() + _SECONDS
        while True:
            shown = self._all(part)
            missing = [each for each in texts if each not in shown]
            missing += [f"not {each}" for each in never if each in shown]
            if not missing:
                return shown
            assert time.monotonic() < deadline, f"{missing}: {shown}"

    def _all(self, part: str) -> str:
        return "\n".join(self._shown(each) for each in self._commands[part])

    def _shown(self, command: str) -> str:
        line = re.sub(r"\b[A-Z_]{2,}\b", lambda found: self.names.get(found[0], found[0]), command)
        status, shown = self._terminal.run(line, _COMMAND_SECONDS)
        assert status in _STATUSES, f"{line}: {status}: {shown}"
        assert "Traceback" not in shown, shown
        self._run.add(command)
        return " ".join(_CONTROL.sub("", shown).split())


@contextmanager
def following(subject: str, terminal: Terminal, *left: str, **names: str) -> Iterator[Following]:
    """Follow the runbook of an alarm or a queue. All of its commands run, but those `left`."""
    followed = Following(runbook(subject), terminal, names)
    yield followed
    assert followed.left == set(left)
