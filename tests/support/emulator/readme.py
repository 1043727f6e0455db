"""The code in the emulator's README, which tests run as it is written."""

import re
from pathlib import Path

README = Path(__file__).parents[3] / "emulator" / "README.md"


def blocks(language: str) -> list[str]:
    """Of that language, in their order."""
    text = README.read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """Python's code by the name of the file in its first line."""
    return {code.splitlines()[0].removeprefix("# "): code for code in blocks("python")}
