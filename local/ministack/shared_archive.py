"""Zip archives that are unpacked once and linked from then on."""

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

_unpacking = threading.Lock()


class SharedArchive(zipfile.ZipFile):
    """Unpacks each content once under the temporary directory; its entries become links to it.

    For directories that are not written to, as a function's code and layers are on Lambda.
    """

    def namelist(self) -> list[str]:
        """The entries at the top, which are all that `extractall` makes."""
        return sorted({name.split("/")[0] for name in super().namelist()})

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Links every entry; a selection and a password are for archives that are not shared."""
        if path is None or members is not None or pwd is not None:
            raise NotImplementedError("a shared archive is unpacked as a whole, into a directory")
        content = self._unpacked()
        for name in self.namelist():
            (Path(path) / name).symlink_to(content / name)

    def _unpacked(self) -> Path:
        if self.filename is None:
            raise NotImplementedError("a shared archive is a file")
        digest = hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
        content = Path(tempfile.gettempdir()) / "unpacked" / digest
        with _unpacking:
            if not content.exists():
                partial = content.with_suffix(".partial")
                super().extractall(partial, members=super().namelist())
                partial.rename(content)
        return content
