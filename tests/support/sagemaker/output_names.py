"""How a service may name outputs: AWS says little of the members that ask for names."""

import re
import uuid
from dataclasses import dataclass

from relay.ports import Submission

from tests.support.samples import OUTPUTS

OPTIONS = frozenset({"Filename", "S3OutputPathExtension"})


@dataclass(frozen=True, slots=True)
class OutputNames:
    """What becomes of `Filename` and `S3OutputPathExtension`.

    `path` is the endpoint's S3OutputPath. `joint` is what the service puts before an extension; a
    clean one lets no two slashes meet. `ignores` are the members that it knows nothing of.
    """

    path: str = str(OUTPUTS).removesuffix("/")
    joint: str = "/"
    clean: bool = False
    suffix: str = ".out"
    ignores: frozenset[str] = frozenset()

    def location(self, submission: Submission) -> str:
        folder = self.path
        if submission.extension and "S3OutputPathExtension" not in self.ignores:
            folder = f"{folder}{self.joint}{submission.extension}"
        named = "Filename" not in self.ignores
        name = submission.attempt.id if named else str(uuid.uuid4())
        location = f"{folder}/{name}{self.suffix}"
        return re.sub(r"(?<!:)//+", "/", location) if self.clean else location
