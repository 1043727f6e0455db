"""The runbooks, with the commands that their reader types."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.site.markdown import BLOCK, CODE
from local.stack.settings import REPOSITORY
from tests.support.pages.blocks import of

FOLDER = REPOSITORY / "docs/how-to/runbooks"
PAGES = sorted({*FOLDER.glob("*.md")} - {FOLDER / "README.md"})
SEE, DO, KNOW = "How to see it", "What to do", "How to know that it worked"
PARTS = ("What it means", SEE, DO, KNOW)
_PART = re.compile(r"^\*\*([^*]+)\.\*\*", re.M)
_PROGRAMS = ("relayctl ", "aws ")
# Why no test follows a runbook. The sentence ends its section, where the reader sees it.
_NOT_FOLLOWED = re.compile(r"^This runbook is not tried on the local stack: (.+?)\.$", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Runbook:
    """The section of an alarm or a dead-letter queue, whose name is the `subject`."""

    page: Path
    subject: str
    text: str

    @property
    def parts(self) -> dict[str, str]:
        """The texts of the section by the words in bold with which they begin."""
        _, *found = _PART.split(self.text)
        return dict(zip(found[::2], found[1::2], strict=True))

    @property
    def not_followed(self) -> str | None:
        """Why it is not followed on the local stack, as its last sentence says."""
        found = _NOT_FOLLOWED.search(self.text)
        return found and " ".join(found[1].split())

    def commands(self, part: str) -> list[str]:
        """Return the commands of a part in the order of the page: of blocks, and as `code`."""
        text = self.parts[part]
        return list(dict.fromkeys(each for _, each in sorted(_commands(text))))


@cache
def sections(page: Path) -> dict[str, str]:
    """Return the sections of a page by their headings."""
    heading, *found = re.split(r"^## ", page.read_text(), flags=re.M)
    assert heading.startswith("# ")
    return {each.partition("\n")[0]: each.partition("\n")[2] for each in found}


def runbook(subject: str) -> Runbook:
    """Return the runbook of an alarm or a dead-letter queue."""
    [page] = [page for page in PAGES if subject in sections(page)]
    return Runbook(page, subject, sections(page)[subject])


def subjects() -> list[str]:
    """Return the alarms and the dead-letter queues that have a runbook."""
    return [subject for page in PAGES for subject in sections(page)]


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Yield each command with its position."""
    lines = [0, *(found.end() for found in re.finditer("\n", text))]
    for block in of("", text):
        for number, command in enumerate(block.commands()):
            yield lines[block.line - 1] + number, command.text
    # Of the same length, so that positions stay.
    prose = BLOCK.sub(lambda found: " " * len(found[0]), text)
    for found in CODE.finditer(prose):
        code = " ".join(found["text"].split())
        if code.startswith(_PROGRAMS):
            yield found.start(), code
