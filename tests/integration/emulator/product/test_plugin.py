"""The pytest plugin in a project of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack.servers import answers
from tests.support.emulator.readme import files
from tests.support.emulator.stack import eventually, free_port, processes_with

# The plugin is found by its entry point. Those of this repository's tests are of no use there.
PYTEST = (sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider")


def run(directory: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_project.py").write_text(code)
    return subprocess.run(
        [*PYTEST, *options],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def test_nothing_is_started_or_imported_for_tests_that_do_not_ask(tmp_path: Path) -> None:
    code = """
import sys

def test_nothing(request):
    assert request.config.getini("async_emulator_region") == "us-east-1"
    assert not {"boto3", "moto", "aiohttp"} & set(sys.modules)
"""
    ended = run(tmp_path, code)

    assert "1 passed" in ended.stdout, ended.stdout


def test_every_process_of_xdist_has_servers_of_its_own(tmp_path: Path) -> None:
    code = """
import pathlib, time
import pytest

@pytest.mark.parametrize("number", range(2))
def test_servers(async_emulator, worker_id, number):
    here = pathlib.Path(__file__).parent
    (here / worker_id).write_text(f"{async_emulator.url} {async_emulator.aws_url}")
    while len(list(here.glob("gw*"))) < 2:  # until the other process has servers too
        time.sleep(0.05)
    assert async_emulator.control.state().endpoints == {}
    assert async_emulator.client("s3").list_buckets()["Buckets"] == []
    async_emulator.client("s3").create_bucket(Bucket="the-same-name")
"""
    ended = run(tmp_path, code, "-n", "2", "--dist", "each", "--timeout", "100")

    assert "4 passed" in ended.stdout, ended.stdout
    urls = " ".join(file.read_text() for file in tmp_path.glob("gw*")).split()
    assert len(set(urls)) == 4


def test_the_servers_are_those_of_the_configuration(tmp_path: Path, moto: str) -> None:
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\nasync_emulator_aws_url = {moto}\nasync_emulator_region = eu-west-1\n"
        "async_emulator_config = emulator.toml\n"
    )
    (tmp_path / "emulator.toml").write_text(
        "time_factor = 0.25\n[containers]\n'^example/echo:' = '''{python} -c 'print(1)' '''\n"
    )
    code = f"""
def test_servers(async_emulator):
    assert async_emulator.aws_url == {moto!r}
    assert async_emulator.credentials == ("test", "test")
    assert async_emulator.client("sagemaker").meta.region_name == "eu-west-1"
    assert async_emulator.control.time_factor() == 0.25
"""
    ended = run(tmp_path, code)

    assert "1 passed" in ended.stdout, ended.stdout


def test_a_stand_in_of_ones_own_keeps_what_it_has(tmp_path: Path, moto: str) -> None:
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n"
        "@pytest.fixture(scope='session')\n"
        f"def async_emulator_aws_url():\n    return {moto!r}\n"
    )
    code = """
def test_one(async_emulator_session):
    async_emulator_session.client("s3").create_bucket(Bucket="kept-by-its-owner")

def test_another(async_emulator):
    async_emulator.client("s3").head_bucket(Bucket="kept-by-its-owner")
    async_emulator.client("s3").delete_bucket(Bucket="kept-by-its-owner")
"""
    ended = run(tmp_path, code)

    assert "2 passed" in ended.stdout, ended.stdout


@pytest.fixture
def ministack(tmp_path: Path) -> Iterator[str]:
    """MiniStack as its users have it, without the corrections of the local stack."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "false",
        "SFTP_ENABLED": "false",
        "S3_DATA_DIR": str(tmp_path / "s3"),
        "STATE_DIR": str(tmp_path / "state"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "hypercorn", "ministack.app:app"]
        + ["--workers", "0", "--bind", f"127.0.0.1:{port}"],
        cwd=tmp_path,
        env={**environment(), **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: answers(f"{url}/_ministack/ready"), "MiniStack answers")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def test_ministack_stands_in_for_aws_as_well(tmp_path: Path, ministack: str) -> None:
    (tmp_path / "upper.py").write_text(files()["upper.py"])
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nasync_emulator_aws_url = {ministack}\n")

    ended = run(tmp_path, files()["test_upper.py"])

    assert "1 passed" in ended.stdout, ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_the_servers_end_with_a_pytest_that_is_killed(tmp_path: Path) -> None:
    marker = f"MARK_{tmp_path.name}"
    (tmp_path / "test_project.py").write_text(
        "import pathlib, time\n\n"
        "def test_waiting(async_emulator):\n"
        "    pathlib.Path('up').touch()\n"
        "    time.sleep(60)\n"
    )
    (tmp_path / "tmp").mkdir()
    running = subprocess.Popen(
        PYTEST,
        cwd=tmp_path,
        env={**environment(), "TMPDIR": str(tmp_path / "tmp"), marker: "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually((tmp_path / "up").exists, "the servers are up", 100)
        assert len(processes_with(marker)) >= 4  # pytest, moto, the emulator and its warden
    finally:
        running.kill()
        running.wait()

    eventually(lambda: not processes_with(marker), "all processes are gone", 20)
    assert list((tmp_path / "tmp").iterdir()) == []
