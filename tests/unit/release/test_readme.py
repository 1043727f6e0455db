"""The README of a release leads into the repository, or where no address is known nowhere."""

import pytest

from local.stack.settings import REPOSITORY
from release.readme import absolute

SOURCE = "https://git.example.com/relay"
OTHER = "[AWS](https://aws.amazon.com) and [below](#below)."
PAGE = f"Read [upgrade](docs/upgrade.md#steps), [`[x]`](a/b.md), {OTHER}"


@pytest.mark.parametrize(
    ("source_url", "text"),
    [
        (
            SOURCE,
            f"Read [upgrade]({SOURCE}/blob/v1.2.3/docs/upgrade.md#steps), "
            f"[`[x]`]({SOURCE}/blob/v1.2.3/a/b.md), {OTHER}",
        ),
        (None, f"Read upgrade, `[x]`, {OTHER}"),
    ],
)
def test_links_to_files_are_absolute_or_text(source_url: str | None, text: str) -> None:
    assert absolute(PAGE, source_url, "1.2.3") == text


def test_no_link_of_the_readme_is_left() -> None:
    text = absolute((REPOSITORY / "README.md").read_text(), None, "1.2.3")

    assert "](docs/" not in text
    assert "](SECURITY.md)" not in text
