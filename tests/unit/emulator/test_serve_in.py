"""Model servers of one's own, in the directory of their code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from async_endpoint_emulator.model_servers.containers import KnownImages
from async_endpoint_emulator.serve_in import serve_in


def run(directory: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = KnownImages({"own": serve_in(directory, command)}).command("own")
    return subprocess.run(
        words,
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONSAFEPATH": "1",  # as in every model server
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["python serve.py", "python3 -m serve", ["python", "serve.py"]])
def test_a_server_finds_its_modules_and_its_files(tmp_path: Path, command: str) -> None:
    directory = tmp_path / "a directory"
    directory.mkdir()
    (directory / "beside.py").write_text("NAME = 'a module beside it'")
    (directory / "data").write_text("a file")
    (directory / "serve.py").write_text("import beside; print(beside.NAME, open('data').read())")

    ended = run(directory, command)

    assert ended.stdout == "a module beside it a file\n", ended.stderr


def test_python_is_the_interpreter_of_the_emulator(tmp_path: Path) -> None:
    ended = run(tmp_path, "python -c 'import sys; print(sys.executable)'")

    assert ended.stdout == f"{sys.executable}\n"


def test_a_program_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    ended = run(tmp_path, "no-such-program serve")

    assert ended.returncode == 1
    assert ended.stderr == "no-such-program: No such file or directory\n"
