"""The generated pages of docs/reference say what the template and the code say."""

from pathlib import Path

import pytest
from relay.report import Count

from local.stack.settings import REPOSITORY
from tests.template.references import OTHERS, metrics, pages
from tests.template.template import source


@pytest.mark.parametrize(("path", "text"), pages().items(), ids=["parameters", "metrics"])
def test_a_page_is_as_make_references_writes_it(path: Path, text: str) -> None:
    assert path.read_text() == text, "run make references"


def test_every_parameter_is_on_its_page() -> None:
    page = (REPOSITORY / "docs/reference/parameters.md").read_text()

    assert [name for name in source()["Parameters"] if f"| `{name}` |" not in page] == []


def test_every_metric_has_its_meaning() -> None:
    page, telemetry = metrics(), (REPOSITORY / "layers/relay/relay/telemetry.py").read_text()

    assert [name for name in (*Count, *OTHERS) if f"| `{name}` |" not in page] == []
    assert [name for name in OTHERS if name not in telemetry] == []
