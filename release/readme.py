"""The README as it is read outside of the repository."""

import re

# [text](target), where the target is a path in the repository.
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?://|#)([^)\s]+)\)")


def absolute(text: str, source_url: str | None, version: str) -> str:
    """Let links to files lead to the release in the repository, or without one be text."""
    if source_url is None:
        return _LINK.sub(r"\1", text)
    return _LINK.sub(rf"[\1]({source_url}/blob/v{version}/\2)", text)
