"""Which test runs a command of the documentation."""

import re

from tests.support.pages.blocks import Command

# In a copy of the working tree, where no stack is up.
COPY = "tests/e2e/documented/test_copy.py"
# On the stack of the test run.
PAGES = "tests/e2e/documented/test_pages.py"
RUNBOOKS = "tests/e2e/relayctl/test_runbooks.py"
# The test that runs a page's commands. Every other command says beside it why no test runs it.
RUN_BY = {
    "README.md": COPY,
    "docs/explanation/cost.md": PAGES,
    "docs/explanation/endpoint.md": PAGES,
    "docs/explanation/scaling.md": PAGES,
    "docs/how-to/backfill.md": PAGES,
    "docs/how-to/console.md": PAGES,
    "docs/how-to/deploy.md": PAGES,
    # The command of the tutorial.
    "docs/how-to/own-model.md": COPY,
    "docs/how-to/sam-local.md": PAGES,
    "docs/how-to/teams.md": PAGES,
    "docs/reference/parked-messages.md": PAGES,
    "docs/reference/routes.md": PAGES,
    "docs/reference/submission.md": PAGES,
    "docs/tutorial/first-result.md": COPY,
}
_RUNBOOKS = "docs/how-to/runbooks/"
IN_A_COPY = ("README.md", "docs/tutorial/first-result.md")
# They run until Ctrl-C, and show this before.
_UNTIL_CTRL_C = {"relayctl console": "/?token="}
# They end with 1 for what waits for a person (docs/reference/relayctl.md): the tutorial's request,
# which has failed, and a parked message.
_ATTENTION = {
    r"relayctl submit .* \|\| relayctl status ": {1},
    r"relayctl parked +#": {1},
}


def runner(command: Command) -> str | None:
    """Return the test that runs a command, or None if the page says why there is none."""
    if command.reason:
        return None
    page = command.block.page
    return RUNBOOKS if page.startswith(_RUNBOOKS) else RUN_BY.get(page)


def runs(command: Command) -> bool:
    """Whether tests/e2e/documented/test_copy.py runs it."""
    return command.block.page in IN_A_COPY and runner(command) == COPY


def statuses(command: Command) -> set[int]:
    """Return the exit codes with which it may end."""
    found = (each for begin, each in _ATTENTION.items() if re.match(begin, command.text))
    return next(found, {0})


def until(command: Command) -> str | None:
    """Return what a command shows that runs until Ctrl-C, or None for one that ends by itself."""
    found = (each for begin, each in _UNTIL_CTRL_C.items() if command.text.startswith(begin))
    return next(found, None)
