"""The archive of a function."""

import io
import zipfile


def package(code: str = "def handler(event, context): pass\n") -> bytes:
    """The archive of a function."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", code)
    return archive.getvalue()
