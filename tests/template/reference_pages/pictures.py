"""The pictures of docs/images that are made from texts beside them, and from the benchmark."""

from collections.abc import Callable, Mapping

from benchmarks.reference.charts import charts
from local.pictures.diagram import diagram
from local.pictures.sequence import sequence
from local.stack.settings import REPOSITORY

IMAGES = REPOSITORY / "docs/images"
_DRAWN: Mapping[str, Callable[[str], str]] = {
    "architecture": diagram,
    "path-of-a-request": sequence,
    "lost-notification": sequence,
}


def pictures() -> Mapping[str, str]:
    """Return the pictures by the names of their files."""
    drawn = {
        f"{name}.svg": draw((IMAGES / f"{name}.toml").read_text()) for name, draw in _DRAWN.items()
    }
    return {**drawn, **charts()}
