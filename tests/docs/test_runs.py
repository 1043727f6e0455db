"""Each command is run by a test, or the page says beside it why not: `# on AWS`."""

import re
from collections.abc import Iterator

import pytest

from local.site.translations import Translation, translations
from local.stack.settings import REPOSITORY
from tests.support.pages.blocks import Command, blocks, of, shell
from tests.support.pages.runs import COPY, IN_A_COPY, RUN_BY, RUNBOOKS, runner

# What the pages in Chinese say for a reason.
KINDS = ("on AWS|在 AWS 上", "needs Docker|需要 Docker", "takes .*|需要.*")


def users() -> list[Command]:
    """The commands of the pages of users. Those of contributors and of the packages are others."""
    return [each for each in shell() if each.block.page.startswith(("README.md", "docs/"))]


def unexplained(commands: list[Command]) -> list[str]:
    return [str(each) for each in commands if not (each.reason or runner(each))]


def test_every_command_is_run_by_a_test_or_says_why_not() -> None:
    assert len(users()) > 100
    assert unexplained(users()) == []


def test_a_command_without_a_test_and_a_reason_is_found() -> None:
    text = "```sh\nrelayctl a\nrelayctl b  # on AWS\n```\n```sh\n# on AWS\nrelayctl c\n```\n"
    found = [each for block in of("docs/how-to/new.md", text) for each in block.commands()]

    assert unexplained(found) == ["docs/how-to/new.md:1: relayctl a"]


def test_the_test_of_a_page_exists_and_has_commands_to_run() -> None:
    tests = {each.block.page: runner(each) for each in users() if runner(each)}

    assert RUN_BY.keys() - tests.keys() == set()
    assert [each for each in {*RUN_BY.values(), RUNBOOKS} if not (REPOSITORY / each).exists()] == []


def test_a_page_whose_commands_another_page_has_too_has_no_others() -> None:
    run = {each.text for each in users() if each.block.page in IN_A_COPY}

    copied = [each for each in users() if runner(each) == COPY]
    assert [str(each) for each in copied if each.text not in run] == []


def marks(commands: Iterator[Command]) -> list[tuple[str, str | None]]:
    """The first word of each command, with the kind of its reason."""
    return [(each.text.split()[0], kind(each.reason)) for each in commands]


def kind(reason: str | None) -> str | None:
    """The reason in both languages."""
    found = (each for each in KINDS if reason and re.fullmatch(each, reason))
    return next(found, reason)


@pytest.mark.parametrize("page", translations(), ids=lambda each: str(each.page))
def test_a_translation_has_the_reasons_of_its_source(page: Translation) -> None:
    source = (each for each in blocks() if each.page == str(page.source))
    translated = of(str(page.page), page.text)

    found = [
        marks(command for block in each if block.language == "sh" for command in block.commands())
        for each in (source, translated)
    ]

    assert found[0] == found[1]
