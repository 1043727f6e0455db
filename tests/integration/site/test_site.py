"""The documentation as a site: it is built strictly, and a browser loads nothing from elsewhere."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from local.site.__main__ import build
from local.stack.settings import REPOSITORY

DOCS = REPOSITORY / "docs"
# Where a browser follows an address only when the reader does.
_FOLLOWED = {("a", "href")}
_LOADS = re.compile(r"@import\s+(?:url\()?[\"']?([^\"');]+)|url\(\s*[\"']?([^\"')]+)")


class Addresses(HTMLParser):
    """The addresses in a page: (tag, attribute, address), and the ids that links can name."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.ids: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src", "srcset", "poster", "data", "action"} and value:
                self.found.append((tag, name, value))
            elif name in {"id", "name"} and value:
                self.ids.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    built = build(DOCS, folder, "https://git.example.com/relay/blob/main/")
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Addresses]:
    return {page: Addresses(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_every_page_of_docs_is_in_the_site(site: Path) -> None:
    for page in DOCS.rglob("*.md"):
        name = "index" if page.stem == "README" else page.stem
        assert (site / page.relative_to(DOCS)).with_name(f"{name}.html").exists(), page


def test_no_page_loads_anything_from_another_host(site: Path, pages: dict[Path, Addresses]) -> None:
    loaded = [
        address
        for page in (*pages.values(), Addresses(site / "404.html"))
        for tag, name, address in page.found
        if (tag, name) not in _FOLLOWED and urlsplit(address).netloc
    ]
    styles = [*_loaded_by_styles(site)]

    assert loaded == []
    assert styles
    assert [each for each in styles if urlsplit(each).netloc] == []


def _loaded_by_styles(site: Path) -> Iterator[str]:
    for style in site.rglob("*.css"):
        for found in _LOADS.findall(style.read_text()):
            yield found[0] or found[1]


def test_what_a_page_names_in_the_site_exists(pages: dict[Path, Addresses]) -> None:
    for page, each in pages.items():
        for _, _, address in each.found:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = (page.parent / unquote(parts.path)).resolve()
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{page}: {address}"
            anchors = pages[target].ids if target in pages else {parts.fragment}
            assert not parts.fragment or parts.fragment in anchors, f"{page}: {address}"


def test_links_out_of_docs_lead_to_the_repository(pages: dict[Path, Addresses]) -> None:
    start = "https://git.example.com/relay/blob/main/"
    paths = {
        urlsplit(address.removeprefix(start)).path
        for page in pages.values()
        for _, _, address in page.found
        if address.startswith(start)
    }

    assert {"README.md", "template.yaml", "local/README.md"} <= paths
    assert [each for each in paths if not (REPOSITORY / each).exists()] == []


def test_a_heading_in_chinese_has_the_anchor_of_github(pages: dict[Path, Addresses]) -> None:
    page = next(each for each in pages if each.match("zh/how-to/deploy.html"))

    assert {"部署", "部署者的权限", "vpc-中的函数"} <= pages[page].ids


def test_the_navigation_has_the_pages_in_chinese(site: Path, pages: dict[Path, Addresses]) -> None:
    front = (site / "index.html").read_text()
    led = {address for _, _, address in pages[site / "index.html"].found}

    assert re.search(r"md-ellipsis[^<]*>\s*(?:<[^>]+>\s*)*中文\s*<", front)
    assert {str(each.relative_to(site)) for each in (site / "zh").rglob("*.html")} <= led


def test_a_page_names_its_language(site: Path) -> None:
    languages = {
        name: re.findall(r'<html[^>]* lang="([^"]+)"', (site / name).read_text())
        for name in ("index.html", "zh/reference/result.html")
    }

    assert languages == {"index.html": ["en"], "zh/reference/result.html": ["zh-CN"]}


def test_the_search_finds_words_in_chinese(site: Path) -> None:
    """Chinese has no spaces, so the index has each character."""
    separator = json.loads((site / "search.json").read_text())["config"]["separator"]

    words = [each for each in re.split(separator, "带权限边界（dead-letter 1.2）") if each]

    assert words == [*"带权限边界", "dead", "letter", "1.2"]


@pytest.mark.parametrize("link", ["none.md", "other.md#none"])
def test_a_dead_link_fails_the_build_and_leaves_the_site(tmp_path: Path, link: str) -> None:
    docs, site = tmp_path / "docs", tmp_path / "site"
    docs.mkdir()
    site.mkdir()
    (site / "index.html").touch()
    (docs / "README.md").write_text(f"# Front\n\n## Door\n\n[a]({link}) [b](other.md)\n")
    (docs / "other.md").write_text("# Other\n")

    built = build(docs, site, "../..")

    assert built.returncode != 0
    assert "does not exist" in built.stdout + built.stderr
    assert [each.name for each in site.iterdir()] == ["index.html"]


def test_without_an_address_links_lead_to_the_files_of_the_clone(tmp_path: Path) -> None:
    docs, site = tmp_path / "docs", tmp_path / "dist/site"
    (docs / "door").mkdir(parents=True)
    (docs / "README.md").write_text("# Front\n\n## Door\n\n[a](door/page.md) [b](../b.md)\n")
    (docs / "door/page.md").write_text("# Page\n\n[c](../../c/d.md#e)\n")

    assert build(docs, site, "../..").returncode == 0

    found = {address for _, _, address in Addresses(site / "door/page.html").found}
    assert "../../../c/d.md#e" in found
    assert any(each.endswith("../../b.md") for each in _addresses(site / "index.html"))


def _addresses(page: Path) -> list[str]:
    return [address for _, _, address in Addresses(page).found]
