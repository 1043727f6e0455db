"""What is installed and deployed is what is pinned, by its hashes."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import build_layer
import pytest

from local.stack.settings import REPOSITORY
from tests.supply.test_workflows import REQUIREMENTS


def test_every_installation_of_the_makefile_requires_hashes() -> None:
    """But for what lies in the repository, which takes nothing from an index."""
    makefile = (REPOSITORY / "Makefile").read_text().replace("\\\n", " ")
    installations = [line for line in makefile.splitlines() if re.search(r"\bpip install\b", line)]

    assert len(installations) >= 2
    for line in installations:
        assert "--no-deps" in line
        assert "--require-hashes" in line or "--no-index" in line, line
    assert re.findall(r"\bnpm (?:install|i|add)\b", makefile) == []


def test_the_build_of_the_layer_requires_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))

    build_layer.install(tmp_path, "python")

    (command,) = commands
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(command)
    requirements = command[command.index("--requirement") + 1]
    assert requirements == str(REPOSITORY / "layers/relay/requirements.txt")


@pytest.mark.parametrize("path", REQUIREMENTS)
def test_every_pinned_package_has_hashes(path: str) -> None:
    text = (REPOSITORY / path).read_text().replace("\\\n", " ")
    packages = [line for line in text.splitlines() if re.match(r"[\w-]", line)]

    assert packages
    assert [line for line in packages if not re.match(r"\S+==\S+ .*--hash=sha256:", line)] == []


def test_every_package_of_npm_has_a_hash() -> None:
    lock = json.loads((REPOSITORY / "tests/audit/package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}

    assert packages
    # A bundled package is a part of the one that bundles it.
    assert [
        name
        for name, each in packages.items()
        if not each.get("inBundle") and not each["integrity"].startswith("sha512-")
    ] == []
