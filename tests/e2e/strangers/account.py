"""Another account of this machine, with a Python that it can run."""

import json
import pwd
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("other_account.py")
_SECONDS = 180


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """Only root can act as another account."""

    name: str = "nobody"

    def python(self) -> str | None:
        """The first interpreter that the account can run."""
        return next(
            (each for each in (sys.executable, "/usr/bin/python3") if self._runs(each)), None
        )

    def tries(self, given: Mapping[str, object]) -> dict[str, Any]:
        """What it got, by what it tried: null where it was refused."""
        python = self.python()
        assert python
        text = json.dumps(given)
        ended = self._run([python, "-I", "-c", _PROGRAM.read_text()], text, _SECONDS)
        assert ended.returncode == 0, ended.stderr
        return dict(json.loads(ended.stdout))

    def _runs(self, python: str) -> bool:
        try:
            return self._run([python, "-I", "-c", ""], "", 30).returncode == 0
        except OSError:  # the account cannot even see it
            return False

    def _run(
        self, command: list[str], text: str, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            user=self.name,
            group=pwd.getpwnam(self.name).pw_gid,
            extra_groups=[],
            cwd="/",
            env={},
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
