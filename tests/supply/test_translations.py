"""A translation is that of its source as it is now, with the same code and the same names."""

import subprocess
from os.path import normpath
from pathlib import Path

import pytest

from local.site.translations import Translation, blocks, main, names, translations
from tests.supply.markdown import bare_asterisks, links

TRANSLATIONS = translations()
TRANSLATED = {str(each.source): str(each.page) for each in TRANSLATIONS}
each_page = pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda each: str(each.page))


@each_page
def test_a_page_is_a_translation_of_its_source_as_it_is_now(page: Translation) -> None:
    assert page.is_current, (
        f"{page.source} has changed since {page.page} was translated. Read what changed:\n"
        f"  .venv/bin/python -m local.site.translations --changes {page.page}\n"
        f"change {page.page} accordingly, and stamp it:\n"
        f"  .venv/bin/python -m local.site.translations {page.page}"
    )


@each_page
def test_a_page_has_the_code_and_the_names_of_its_source(page: Translation) -> None:
    assert [*page.differences()] == []


@each_page
def test_links_lead_to_translations_where_there_are_some(page: Translation) -> None:
    targets = {normpath(page.page.parent / link) for link in links(page.text)}

    assert str(page.source) in targets, "the page does not lead to its source"
    assert (targets & TRANSLATED.keys()) - {str(page.source)} == set()


@each_page
def test_a_source_leads_to_its_translation_or_the_front_page_does(page: Translation) -> None:
    source = page.root / page.source
    front = page.root / "docs/README.md"
    led = {
        normpath(each.parent.relative_to(page.root) / link)
        for each in (source, front)
        for link in links(each.read_text())
    }

    assert str(page.page) in led


@each_page
def test_strong_emphasis_is_shown_as_such(page: Translation) -> None:
    assert [*bare_asterisks(page.text)] == []


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("值。**请忽略。**不要依赖", True),
        ("值。**请忽略**。不要依赖", False),
        ("**尚未尝试。** Relay 在", False),
        ("| 相同。**请据此去重** |", False),
        ("**`a`，请按 `b` 去重**：存储", False),
        ("一个 `**kwargs`", False),
        ("**没有结束", True),
    ],
)
def test_asterisks_that_a_reader_sees_are_found(line: str, is_found: bool) -> None:
    assert [*bare_asterisks(line)] == ([line] if is_found else [])


SOURCE = """# Title

Run `make up`, and *see* `s3://a/b`:

```
make up    # start
curl https://host/x#y
```

<!-- rows, by make references: begin -->
`generated`
<!-- rows: end -->
"""
PAGE = """# 标题

<!-- translation of source.md, sha256:none -->

运行 `make up`，查看 `s3://a/b`：

```
make up    # 启动
curl https://host/x#y
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Translation:
    (tmp_path / "source.md").write_text(SOURCE)
    (tmp_path / "page.md").write_text(PAGE)
    return Translation(Path("page.md"), tmp_path)


def test_a_stamp_holds_until_the_source_changes(page: Translation) -> None:
    before = page.is_current
    page.stamp()
    stamped = page.is_current
    (page.root / "source.md").write_text(SOURCE.replace("*see*", "look at"))

    assert (before, stamped, page.is_current) == (False, True, False)


def test_changes_are_those_since_the_translation(
    page: Translation, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stamp finds the commit: a rebase does not matter."""
    source = page.root / "source.md"
    repository = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run([*repository, "init", "--quiet"], cwd=page.root, check=True)
    page.stamp()
    for text in (SOURCE, SOURCE.replace("see", "look at"), SOURCE.replace("see", "watch")):
        source.write_text(text)
        subprocess.run([*repository, "add", "source.md"], cwd=page.root, check=True)
        subprocess.run([*repository, "commit", "-qm", "Write"], cwd=page.root, check=True)

    assert main(["--changes", str(page.root / "page.md")], page.root) == 0
    shown = capsys.readouterr().out
    assert "-Run `make up`, and *see*" in shown
    assert "+Run `make up`, and *watch*" in shown


def test_what_is_generated_in_the_source_does_not_count(page: Translation) -> None:
    page.stamp()
    (page.root / "source.md").write_text(SOURCE.replace("`generated`", "`other`"))

    assert page.is_current
    assert [*page.differences()] == []


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("make up    # 启动", "make down", "block 1 of code is not that of the source:"),
        ("#y", "#z", "block 1 of code is not that of the source:"),
        ("```\nmake", "```\nmake x\n```\n\n```\nmake", "the source has 1 blocks of code, and"),
        ("`make up`", "make up", "the source has `make up`"),
        ("`make up`", "`make up` `make down`", "the source has no `make down`"),
    ],
)
def test_different_code_is_found(page: Translation, old: str, new: str, difference: str) -> None:
    (page.root / "page.md").write_text(PAGE.replace(old, new, 1))

    assert any(each.startswith(difference) for each in page.differences())


def test_comments_of_code_may_be_translated(page: Translation) -> None:
    assert [*page.differences()] == []
    assert blocks(SOURCE) == ["make up\ncurl https://host/x#y"]
    assert names(SOURCE) == {"make up", "s3://a/b"}


def test_a_page_without_a_source_is_refused(page: Translation) -> None:
    (page.root / "page.md").write_text("# 标题\n")

    with pytest.raises(ValueError, match="does not name its source"):
        Translation(Path("page.md"), page.root)


def test_a_page_with_other_code_is_not_stamped(
    page: Translation, capsys: pytest.CaptureFixture[str]
) -> None:
    (page.root / "page.md").write_text(PAGE.replace("make up    #", "make down    #"))

    assert main([str(page.root / "page.md")], page.root) == 1
    assert "block 1 of code" in capsys.readouterr().err
    assert not page.is_current
