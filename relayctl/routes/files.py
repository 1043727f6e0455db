"""Route documents and results in files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relayctl.errors import Misused


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        Misused: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{path} cannot be read: {error}") from error


def read_result(path: Path) -> Mapping[str, Any]:
    """Return the result in a file: the body of a message.

    Raises:
        Misused: the file has none.
    """
    text = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misused(f"the result {path} is not JSON: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("data"), dict):
        raise Misused(
            f"{path} is not a result: it has no member data (docs/reference/result.md shows some)"
        )
    return content
