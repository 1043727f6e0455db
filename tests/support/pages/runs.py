"""Which test runs a command of the documentation."""

import re

from tests.support.pages.blocks import Command

# tests/e2e/documented runs their commands in a copy of the working tree, where no stack is up.
IN_A_COPY = ("README.md", "docs/tutorial/first-result.md")
# Except these: the first runs this test itself, the second ends with Ctrl-C.
_NOT_IN_A_COPY = ("make test", "relayctl console")
# They end with 1 for what waits for a person (docs/reference/relayctl.md). The tutorial's request
# has failed.
_ATTENTION = {r"relayctl submit .* \|\| relayctl status ": {1}}


def runs(command: Command) -> bool:
    """Whether a test of tests/e2e/documented runs it."""
    if command.reason:
        return False
    return command.block.page in IN_A_COPY and not command.text.startswith(_NOT_IN_A_COPY)


def statuses(command: Command) -> set[int]:
    """Return the exit codes with which it may end."""
    found = (each for begin, each in _ATTENTION.items() if re.match(begin, command.text))
    return next(found, {0})
