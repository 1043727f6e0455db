"""Translations of pages into Chinese, each with the digest of the text that was translated.

    python -m local.site.translations --changes docs/zh/reference/result.md
    python -m local.site.translations docs/zh/reference/result.md

The first shows how the source of a page has changed since it was translated, and the second stamps
the page. A test fails as long as the digest is not that of the source.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Final

from local.site.markdown import BLOCK, CODE
from local.stack.settings import REPOSITORY

_STAMP: Final = re.compile(r"<!-- translation of ([\w./-]+), sha256:([0-9a-f]{64}|none) -->\n")
# What `make references` writes is not translated: the page refers to the source for it.
_GENERATED: Final = re.compile(
    r"<!-- ([\w -]+), by make references: begin -->.*?<!-- \1: end -->\n", re.S
)
_COMMENT: Final = re.compile(r"(?:^|[ \t]+)(?:#|//)[ \t].*$", re.M)


@dataclass(frozen=True, slots=True)
class Translation:
    """A page, and what it says of its source. Paths are relative to the repository.

    Raises:
        ValueError: the page has no stamp.
    """

    page: Path
    root: Path = REPOSITORY

    def __post_init__(self) -> None:
        self._stamp()

    @property
    def text(self) -> str:
        return (self.root / self.page).read_text()

    @property
    def source(self) -> Path:
        return Path(self._stamp()[1])

    @property
    def is_current(self) -> bool:
        """Whether the source is what was translated."""
        return self._stamp()[2] == self._digest()

    def stamp(self) -> None:
        """Write the digest of the source, as it is now, into the page."""
        stamp = f"<!-- translation of {self.source}, sha256:{self._digest()} -->\n"
        (self.root / self.page).write_text(_STAMP.sub(stamp, self.text))

    def differences(self) -> Iterator[str]:
        """Yield what the page has and its source has not, or the reverse: blocks and names."""
        source = (self.root / self.source).read_text()
        theirs, ours = blocks(source), blocks(self.text)
        for number, (one, other) in enumerate(zip(theirs, ours, strict=False), 1):
            if one != other:
                yield f"block {number} of code is not that of the source:\n{other}"
        if len(theirs) != len(ours):
            yield f"the source has {len(theirs)} blocks of code, and the page {len(ours)}"
        known, used = names(source), names(self.text)
        yield from (f"the source has `{name}`" for name in sorted(known - used))
        yield from (f"the source has no `{name}`" for name in sorted(used - known))

    def changes(self) -> str:
        """Return the difference between the translated text and the source, as git shows it."""
        history = self._git("log", "--format=%H", "--", str(self.source)).split()
        for commit in history:
            if _digest(self._git("show", f"{commit}:{self.source}")) == self._stamp()[2]:
                return self._git("diff", commit, "--", str(self.source))
        return f"no commit has the text of {self.source} that was translated\n"

    def _git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def _stamp(self) -> re.Match[str]:
        found = _STAMP.search(self.text)
        if found is None:
            raise ValueError(
                f"{self.page} does not name its source; "
                "write <!-- translation of docs/PAGE.md, sha256:none --> into it"
            )
        return found

    def _digest(self) -> str:
        return _digest((self.root / self.source).read_text())


def translations(root: Path = REPOSITORY) -> list[Translation]:
    """Return every translation of the repository."""
    pages = [*root.glob("README.*.md"), *root.glob("docs/zh/**/*.md")]
    return [Translation(page.relative_to(root), root) for page in sorted(pages)]


def blocks(text: str) -> list[str]:
    """Return the blocks of code of a page, without their comments."""
    return [
        "\n".join(line.rstrip() for line in _COMMENT.sub("", body).splitlines() if line.strip())
        for body in (each["text"] for each in BLOCK.finditer(_GENERATED.sub("", text)))
    ]


def names(text: str) -> set[str]:
    """Return what a page has in `code`, outside of its blocks."""
    rest = BLOCK.sub("", _GENERATED.sub("", text))
    return {" ".join(each["text"].split()) for each in CODE.finditer(rest)}


def _digest(text: str) -> str:
    return hashlib.sha256(_GENERATED.sub("", text).encode()).hexdigest()


def main(arguments: Sequence[str], root: Path = REPOSITORY) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.site.translations")
    parser.add_argument("--changes", action="store_true", help="show what to translate")
    parser.add_argument("pages", nargs="+", metavar="PAGE", help="such as docs/zh/how-to/deploy.md")
    asked = parser.parse_args(arguments)
    for name in asked.pages:
        page = Translation(Path(relpath(name, root)), root)
        if asked.changes:
            print(page.changes(), end="")
        elif different := [*page.differences()]:
            print(f"{page.page} is not stamped:", *different, sep="\n- ", file=sys.stderr)
            return 1
        else:
            page.stamp()
            print(f"{page.page}: a translation of {page.source} as it is now")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
