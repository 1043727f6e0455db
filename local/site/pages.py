"""The pages of docs/ as the site has them: their links to the repository, and the navigation."""

import json
import re
from os.path import normpath, relpath
from pathlib import Path

from local.site.markdown import BLOCK, anchor

# An address that cannot exist (RFC 2606): `to_repository` replaces it when the site is built.
_REPOSITORY = "https://repository.invalid/"
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_ADDRESS = re.compile(r"[a-z]+:")
# Blocks of code come first, because a comment in them looks like a heading.
_HEADING = re.compile(rf"{BLOCK.pattern}|^#{{1,6}} (?P<title>[^\n]+)$", BLOCK.flags)
_SECTION = re.compile(r"^## (.+)\n", re.M)


def to_site(page: Path, text: str) -> str:
    """Return the text of a page with a mark on each link that leads out of docs/.

    `page` is relative to docs/. The check of links knows the pages of the site only; a test checks
    where the other links lead.
    """

    def marked(link: re.Match[str]) -> str:
        target = normpath(page.parent / link[2])
        if _ADDRESS.match(link[2]) or not target.startswith("../"):
            return link[0]
        return f"{link[1]}{_REPOSITORY}{target.removeprefix('../')}{link[3]}"

    return _anchored(_LINK.sub(marked, text))


def _anchored(text: str) -> str:
    """Return the text of a page with the anchor that GitHub gives a heading in Chinese.

    The site would number these headings: it only keeps letters of ASCII.
    """

    def named(heading: re.Match[str]) -> str:
        if heading["title"] is None or heading["title"].isascii():
            return heading[0]
        return f"{heading[0]} {{ #{anchor(heading['title'])} }}"

    return _HEADING.sub(named, text)


def to_repository(page: Path, html: str, repository: str) -> str:
    """Return a built page whose links out of docs/ lead to files of the repository.

    `repository` is an address, or a path relative to the root of the site.
    """
    if not _ADDRESS.match(repository):
        repository = relpath(repository, page.parent)
    return html.replace(f'href="{_REPOSITORY}', f'href="{repository.rstrip("/")}/')


def in_its_language(page: Path, html: str) -> str:
    """Return a built page that names its language: Chinese below zh/."""
    if page.parts[0] != "zh":
        return html
    return re.sub(r'(<html[^>]*) lang="en"', r'\1 lang="zh-CN"', html, count=1)


def navigation(docs: Path) -> str:
    """Return the navigation as a value of TOML: docs/README.md, its sections, and their pages.

    A link to the index of a folder stands for the pages in it, below its title if there are others.
    """
    _, *parts = _SECTION.split((docs / "README.md").read_text())
    sections = zip(parts[::2], map(_LINK.findall, parts[1::2]), strict=True)
    listed = {title: _entries(docs, [link[1] for link in links]) for title, links in sections}
    entries = ['"README.md"', *(_section(title, each) for title, each in listed.items() if each)]
    return f"[{', '.join(entries)}]"


def _entries(docs: Path, links: list[str]) -> list[str]:
    pages = [docs / link for link in links if link.endswith(".md") and not link.startswith("../")]
    if [page.name for page in pages] == ["README.md"]:
        return _folder(docs, pages[0])
    return [
        _section(page.read_text().partition("\n")[0].removeprefix("# "), _folder(docs, page))
        if page.name == "README.md"
        else _page(docs, page)
        for page in pages
    ]


def _folder(docs: Path, index: Path) -> list[str]:
    others = sorted({*index.parent.glob("*.md")} - {index})
    return [_page(docs, each) for each in (index, *others)]


def _page(docs: Path, page: Path) -> str:
    return json.dumps(str(page.relative_to(docs)))


def _section(title: str, entries: list[str]) -> str:
    return f"{{ {json.dumps(title)} = [{', '.join(entries)}] }}"
