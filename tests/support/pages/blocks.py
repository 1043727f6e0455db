"""The fenced blocks of the documentation, and the commands in them."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from local.site.markdown import BLOCK
from local.stack.settings import REPOSITORY

_COMMENT = re.compile(r"(?:^|\s)#(.*)$", re.M)
# Why a command cannot run in a test. The words stand in a comment, where the reader sees them, too:
# at the end of the command, or as the first line of its block.
REASONS = re.compile(
    r"\b(on AWS|needs Docker|needs node|needs Chromium|asks PyPI|changes files"
    r"|takes [\w ]*(?:hours?|minutes))\b"
    r"|在 AWS 上|需要 Docker|需要[^，。；]*(?:小时|分钟)"
)
_FOLDERS = ("benchmarks", "docs", "emulator", "events", "examples", "local")
_OF_THEIR_TIME = ("CHANGELOG.md", "docs/decisions/")
# Their blocks are those of their sources, without the comments, as
# tests/supply/test_translations.py compares them.
_TRANSLATIONS = ("README.zh-CN.md", "docs/zh/")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `line` is that of its fence."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def reason(self) -> str | None:
        """Why none of its commands run here: its first line."""
        first = self.text.partition("\n")[0]
        found = REASONS.search(first) if first.startswith("#") else None
        return found and found[0]

    def commands(self) -> list["Command"]:
        """Return the commands of a block of a shell, each with all of its lines."""
        return [Command(self, text) for text in _complete(self.text)]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a shell, as it is written."""

    block: Block
    text: str

    def __str__(self) -> str:
        return f"{self.block}: {self.text}"

    @property
    def reason(self) -> str | None:
        """Why it does not run here: its comment, or that of its block."""
        comment = _COMMENT.search(self.text)
        found = comment and REASONS.search(comment[1])
        return found[0] if found else self.block.reason

    def simple(self) -> Iterator[list[str]]:
        """Yield the words of each simple command in it, such as those of a pipe or a function."""
        lexer = shlex.shlex(
            self.text.replace("\\\n", " "), posix=True, punctuation_chars=";|&(){}\n"
        )
        lexer.whitespace, lexer.whitespace_split = " \t\r", True
        words: list[str] = []
        for word in [*lexer, "\n"]:
            if not set(word) <= set(";|&(){}\n"):
                words.append(word)
            elif words:
                yield words
                words = []


@cache
def blocks() -> tuple[Block, ...]:
    """Return the fenced blocks of every page that a user or a contributor reads."""
    return tuple(each for page in pages() for each in of(page, (REPOSITORY / page).read_text()))


def output(block: Block) -> Block | None:
    """Return the block of output that follows a block of commands."""
    following = (each for each in blocks() if each.page == block.page and each.line > block.line)
    found = next(following, None)
    return found if found and found.language == "text" else None


def of(page: str, text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for found in BLOCK.finditer(text):
        indent = len(found["indent"])
        lines = (line[indent:] for line in found["text"].splitlines(keepends=True))
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found["language"], "".join(lines))


def shell() -> list[Command]:
    """Return the commands of every page, in the order of the pages."""
    return [command for block in blocks() if block.language == "sh" for command in block.commands()]


def pages() -> list[str]:
    """Return the pages of today: not the decisions and the changelog, which are of their time."""
    found = [*REPOSITORY.glob("*.md")]
    found += [each for name in _FOLDERS for each in (REPOSITORY / name).rglob("*.md")]
    names = (str(each.relative_to(REPOSITORY)) for each in found)
    return sorted(each for each in names if not each.startswith((*_OF_THEIR_TIME, *_TRANSLATIONS)))


def _complete(text: str) -> Iterator[str]:
    """Yield each command with all of its lines: those after which a shell waits for no more."""
    lines: list[str] = []
    for line in text.splitlines():
        if not lines and (not line.strip() or line.startswith("#")):
            continue
        lines.append(line)
        if not line.endswith("\\") and _ends("\n".join(lines)):
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


@cache
def _ends(command: str) -> bool:
    if not re.search(r"['\"`{}()<|&;]|\b(?:for|if|while|case)\b", command.partition(" #")[0]):
        return True
    done = subprocess.run(["/bin/bash", "-nc", command], capture_output=True, text=True)  # noqa: S603 - it runs nothing
    return done.returncode == 0 and not done.stderr
