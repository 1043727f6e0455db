"""The observations of a run: a table for readers, JSON for programs."""

import json
import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.acceptance.findings.observations import Row, Verdict

_WIDTH = 110
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_VERDICT = max(len(verdict) for verdict in Verdict) + 2


def table(rows: Sequence[Row]) -> str:
    """The broken first; below each assumption its claim, and the reason of the verdict."""
    lines = []
    for row in rows:
        lines.append(f"{row.verdict:<{_VERDICT}}{row.id}")
        for text in (row.claim, f"-> {row.detail}" if row.detail else ""):
            indent = " " * (_VERDICT + 2)
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "   "
            )
    counted = Counter(row.verdict for row in rows)
    lines += ["", ", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict)]
    return "\n".join(lines)


def write(path: Path, run: Mapping[str, object], rows: Sequence[Row]) -> None:
    """`run` says where, when and of what code. No account is named, so that it can be shown."""
    document = {**run, "assumptions": [asdict(row) for row in rows]}
    text = _ACCOUNT.sub("ACCOUNT", json.dumps(document, indent=2, ensure_ascii=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")
