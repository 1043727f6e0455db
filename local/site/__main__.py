"""Build the documentation as a site, with nothing in it that a browser loads from elsewhere."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local.site.pages import in_its_language, navigation, to_repository, to_site
from local.stack.settings import REPOSITORY

_HERE = Path(__file__).parent
SITE = REPOSITORY / "dist/docs"
# Beside the environment that this runs in; the Makefile makes it.
ZENSICAL = Path(sys.prefix) / "docs/bin/zensical"


def build(docs: Path, site: Path, repository: str) -> subprocess.CompletedProcess[str]:
    """Build the site from the pages in `docs`, strictly: a dead link or anchor fails the build.

    `repository` is where links out of docs/ lead: an address, or a path relative to the site. What
    was built before stays if the build fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _stage(docs, work)
        built = subprocess.run(
            # By its own interpreter: the script has the path of the environment before a move.
            [ZENSICAL.with_name("python"), ZENSICAL, "build", "--strict"],
            cwd=work,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
        )
        if built.returncode == 0:
            for html in (work / "site").rglob("*.html"):
                page = html.relative_to(work / "site")
                text = to_repository(page, html.read_text(), repository)
                html.write_text(in_its_language(page, text))
            shutil.rmtree(site, ignore_errors=True)
            shutil.copytree(work / "site", site)
    return built


def _stage(docs: Path, work: Path) -> None:
    pages = work / "pages"
    shutil.copytree(docs, pages)
    for page in pages.rglob("*.md"):
        page.write_text(to_site(page.relative_to(pages), page.read_text()))
    (pages / "assets").mkdir()
    shutil.copy(_HERE / "worker.js", pages / "assets/iframe-worker.js")
    configuration = (_HERE / "zensical.toml").read_text()
    (work / "zensical.toml").write_text(
        configuration.replace("[project]\n", f"[project]\nnav = {navigation(docs)}\n", 1)
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument(
        "--repository",
        default="../..",
        help="where links to other files of the repository lead, such as "
        "https://git.example.com/relay/blob/main. Default: the files of this clone",
    )
    asked = parser.parse_args(arguments)

    built = build(REPOSITORY / "docs", SITE, asked.repository)

    if built.returncode:
        print(built.stdout + built.stderr, file=sys.stderr)
        return 1
    print(f"docs: {SITE.relative_to(REPOSITORY)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
