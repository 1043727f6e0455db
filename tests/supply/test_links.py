"""Links in the Markdown of the repository lead to files and headings that exist."""

from pathlib import Path

import pytest

from local.stack.settings import REPOSITORY
from tests.supply.markdown import anchors, dead_links

# Neither is in the repository, and folders with a dot are not read.
_BUILT = {"build", "dist", "node_modules"}
# The text of emulator/FIDELITY.md before its tables: its links are those of that page.
_PART = REPOSITORY / "tests/support/emulator/conformance/page.md"
PAGES = sorted(
    page
    for page in REPOSITORY.rglob("*.md")
    if page != _PART
    and not any(
        part.startswith(".") or part in _BUILT for part in page.relative_to(REPOSITORY).parts
    )
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    assert [*dead_links(page)] == []


def test_pages_of_every_part_are_read() -> None:
    parts = {page.relative_to(REPOSITORY).parts[0] for page in PAGES}

    assert parts >= {"README.md", "docs", "emulator", "events", "examples", "local"}


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One\n\n## Two `words`, and\n\n## One\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n\n[a](other.md#two-words-and) [b](other.md#one-1) [c](#here) [d](https://x/y#z)\n"
        "`[e](none.md)`\n\n```\n[f](none.md)\n```\n\n"
        "[g](none.md) [h](other.md#two) ![i](none.png) [j](#there) [k][l]\n\n[l]: none.json\n"
    )

    assert [*dead_links(page)] == ["none.md", "other.md#two", "none.png", "#there", "none.json"]


def test_a_heading_in_code_has_no_anchor(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A [link](x.md)\n\n```\n# comment\n```\n")

    assert anchors(page) == {"a-link"}


def test_the_front_page_has_every_page_of_its_doors() -> None:
    """An index of a folder stands for its pages."""
    docs = REPOSITORY / "docs"
    front = (docs / "README.md").read_text()
    indexes = {page.parent for page in docs.glob("*/**/README.md")}
    listed = {page for page in docs.glob("*/**/*.md") if page.parent not in indexes}
    listed |= {folder / "README.md" for folder in indexes}

    assert len(listed) > 20
    assert [page for page in listed if f"]({page.relative_to(docs)})" not in front] == []


def test_no_page_lies_beside_the_doors() -> None:
    assert [each.name for each in (REPOSITORY / "docs").iterdir() if each.is_file()] == [
        "README.md"
    ]
