"""Every `relayctl …` in the documentation and in messages is a command that exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from local.site.markdown import BLOCK, CODE
from local.stack.settings import REPOSITORY
from relayctl.app import COMMANDS, GROUPS, app
from tests.support.pages.blocks import pages, shell

CODE_OF = ("relayctl", "layers/relay/relay", "functions", "local", "template.yaml")
NAMED = re.compile(r"[`\"']relayctl ([a-z][a-z-]+)")
APP = typer.main.get_command(app)
# typer has a click of its own, or the one that is installed.
UsageError: Any = typer.BadParameter.__mro__[1]
NAMES = {command.name.split()[0] for command in COMMANDS} | GROUPS.keys()


def documented() -> Iterator[tuple[str, list[str]]]:
    """Where a command is, in a block or as `code`, and its words."""
    for command in shell():
        for words in command.simple():
            if Path(words[0]).name == "relayctl":
                yield str(command.block), words[1:]
    for page in pages():
        for found in CODE.finditer(BLOCK.sub("", (REPOSITORY / page).read_text())):
            if found["text"].startswith("relayctl "):
                yield page, shlex.split(found["text"].replace("\n", " "))[1:]


def parse(words: list[str]) -> None:
    """Parse the words of a command line as typer does, without running it."""
    words = [word for word in words if word != "…"]
    command: Any = APP
    context: Any = command.context_class(command, info_name="relayctl")
    while hasattr(command, "resolve_command") and words and not words[0].startswith("-"):
        name, command, words = command.resolve_command(context, words)
        context = command.context_class(command, info_name=name, parent=context)
    if command is APP:
        assert set(words) <= {name for option in command.params for name in option.opts}
    elif words:
        command.make_context(context.info_name, words, parent=context.parent)


@pytest.mark.parametrize(
    ("place", "words"), [pytest.param(*each, id=each[0]) for each in documented()]
)
def test_a_documented_command_line_is_accepted(place: str, words: list[str]) -> None:
    try:
        parse(words)
    except UsageError as error:
        pytest.fail(f"{place}: {words}: {error.format_message()}")


def messages() -> Iterator[tuple[str, str]]:
    """Where code names a command, in a string or as `code`, and its first word."""
    for name in CODE_OF:
        path = REPOSITORY / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            for match in NAMED.finditer(file.read_text()):
                yield str(file.relative_to(REPOSITORY)), match[1]


def test_a_command_that_the_code_names_exists() -> None:
    named = list(messages())

    assert len(named) > 20
    assert [each for each in named if each[1] not in NAMES] == []
