"""Links and headings of Markdown, as GitHub reads them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from local.site.markdown import BLOCK, CODE, anchor

_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)", re.M)
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)(?: +#+)? *$", re.M)
_NAMED = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_STRONG = re.compile(r"(?<!\*)\*\*(?!\*)")


def dead_links(page: Path) -> Iterator[str]:
    """Yield the links of a page to files and headings that do not exist.

    Links to other hosts are not followed.
    """
    for link in _inside(page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / unquote(path) if path else page
        if not target.exists() or (
            anchor and target.suffix == ".md" and anchor not in anchors(target.resolve())
        ):
            yield link


def links(text: str) -> list[str]:
    """Return the paths to which a page leads, without anchors and other hosts."""
    return [path for link in _inside(text) if (path := unquote(link.partition("#")[0]))]


def _inside(text: str) -> Iterator[str]:
    """Yield the links that do not lead to other hosts."""
    written = CODE.sub("", BLOCK.sub("", text))
    for link in (*_LINK.findall(written), *_REFERENCE.findall(written)):
        if not _ELSEWHERE.match(link):
            yield link


def bare_asterisks(text: str) -> Iterator[str]:
    """Yield the lines whose `**` a reader sees, because it neither opens nor closes.

    After punctuation it closes only before a space or more punctuation, which Chinese text seldom
    has: https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
    """
    for line in CODE.sub("`x`", BLOCK.sub("", text)).splitlines():
        is_open = False
        for found in _STRONG.finditer(line):
            before, after = line[: found.start()][-1:], line[found.end() :][:1]
            acts = _flanks(before, after) if is_open else _flanks(after, before)
            if not acts:
                is_open = True
                break
            is_open = not is_open
        if is_open:
            yield line


def _flanks(text: str, other: str) -> bool:
    """Return whether a delimiter belongs to the text at one side, with the other at its back."""
    return not _is_space(text) and (
        not _is_punctuation(text) or _is_space(other) or _is_punctuation(other)
    )


def _is_space(character: str) -> bool:
    return not character or character.isspace()


def _is_punctuation(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page: those of its headings, the second of a name with `-1`."""
    text = BLOCK.sub("", page.read_text())
    found = set(_NAMED.findall(text))
    seen: Counter[str] = Counter()
    for heading in _HEADING.findall(text):
        slug = anchor(heading)
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return frozenset(found)
