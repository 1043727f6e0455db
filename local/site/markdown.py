"""Markdown as GitHub reads it: blocks of code, `code`, and the anchors of headings."""

import re
from typing import Final

BLOCK: Final = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>\w*)[^\n]*\n"
    r"(?P<text>.*?)^ *(?P=fence)[ \t]*$",
    re.M | re.S,
)
CODE: Final = re.compile(r"(?P<fence>`+)(?!`)(?P<text>.+?)(?<!`)(?P=fence)(?!`)", re.S)
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def anchor(heading: str) -> str:
    """Return the anchor of a heading; the second one of a page has `-1` behind it."""
    return re.sub(r"[^\w -]", "", _LINK.sub(r"\1", heading)).lower().replace(" ", "-")
