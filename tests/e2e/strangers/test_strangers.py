"""A running stack gives nothing to a web page and to another account of the machine.

They try reads and changes, on every port on which a process of the stack listens.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from async_endpoint_emulator.api.callers.identity import session_credentials
from botocore.credentials import Credentials

from tests.acceptance.targets.target import Target
from tests.e2e.endpoint.capacity import awake
from tests.e2e.strangers.account import OtherAccount
from tests.e2e.strangers.belongings import Belongings, belongings
from tests.e2e.strangers.browser import NAME, visit
from tests.e2e.strangers.ports import listening_ports, processes
from tests.e2e.strangers.requests import (
    AWS,
    CFN_RESPONSE,
    OTHER,
    SAGEMAKER,
    Request,
    requests,
    to_a_model,
)
from tests.support.console.chromium import CHROMIUM
from tests.support.stack import RunningStack

pytestmark = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="the ports of processes are known on Linux alone"
)

_HOSTS = ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "stack.localhost")
_READING = ("fetch", "image", "script", "WebSocket", "EventSource")
_BLIND = ("fetch without CORS", "frame", "form", "beacon")
_REFUSALS = ("header of browsers", "this server is", "answers the emulator alone")


@pytest.fixture
def mine(stack: RunningStack, target: Target) -> Iterator[Belongings]:
    awake(target.client("sagemaker"), stack.outputs["EndpointName"])
    with belongings(stack) as found:
        yield found


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("server", [SAGEMAKER, AWS, OTHER])
def test_a_page_of_a_browser_reads_and_changes_nothing(
    mine: Belongings, server: str, tmp_path: Path
) -> None:
    ports = listening_ports(mine.settings)
    assert {*ports.values()} == {AWS, SAGEMAKER, OTHER}
    port = next(port for port, of in ports.items() if of == server)
    attempts = list(_attempts(mine, port, server))
    before, length = mine.state(), len(mine.log())

    seen = visit(port, attempts, (*_READING, *_BLIND), tmp_path, tls=server == AWS)

    assert mine.state() == before
    assert mine.calls_since(length) == []
    assert seen.controls == {*_READING, *_BLIND}
    own = [each for each in seen.read if "/control/" in each.url]
    assert {each.way for each in own} == {*_READING}
    others = [each for each in seen.read if each not in own]
    assert [each for each in others if not _is_refusal(each.text)] == []
    assert any(f"//{NAME}:{port}/" in each.url for each in others), "the name led nowhere"


def _attempts(mine: Belongings, port: int, server: str) -> Iterator[dict[str, object]]:
    """Everything that a page can send to that port, without a signature, and signed by root."""
    root = Credentials(mine.root_key, mine.root_secret)
    for host in (*_HOSTS, NAME):
        base = f"{'https' if server == AWS else 'http'}://{host}:{port}"
        for request in _to(server, mine):
            for way in ("fetch", "fetch without CORS"):
                yield {"way": way, **request.at(base)}
                yield {"way": way, **request.at(base, root)}
            presigned = request.presigned_at(base, root)
            yield from _by_elements({**request.at(base), "url": presigned}, request)
        for target in ("/_emulator/health", "/_ministack/health"):
            yield from _by_elements(
                (plain := Request(server, "", "GET", target, {})).at(base), plain
            )


def _to(server: str, mine: Belongings) -> list[Request]:
    return [each for each in (*requests(mine), *to_a_model()) if each.server == server]


def _by_elements(sent: dict[str, object], request: Request) -> Iterator[dict[str, object]]:
    posts = ("form", "beacon")
    for way in ("fetch", *_READING[1:], *_BLIND):
        if way == "fetch" or (request.method == "POST") == (way in posts):
            yield {"way": way, **sent}


def _is_refusal(text: str) -> bool:
    return any(each in text for each in _REFUSALS) and not json.loads(text).keys() - {
        "__type",
        "message",
    }


@pytest.fixture
def account() -> OtherAccount:
    if os.geteuid() != 0:
        pytest.skip("only root can act as another account")
    if (found := OtherAccount()).python() is None:
        pytest.skip(f"there is no Python that the account {found.name} can run")
    return found


@pytest.fixture
def open_file() -> Iterator[Path]:
    """A file that every account can read, in a directory that every account can list."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "open")
        path.write_text("readable")
        path.chmod(0o644)
        path.parent.chmod(0o755)
        yield path


def test_another_account_reads_and_changes_nothing(
    mine: Belongings, account: OtherAccount, open_file: Path
) -> None:
    files, directories = _files_of(mine.settings.directory)
    assert {mine.settings.root_user_file, mine.settings.environment_file} <= set(files)
    pids = processes(mine.settings)
    before, length = mine.state(), len(mine.log())

    got = account.tries(
        {
            "paths": [str(each) for each in (*files, open_file)],
            "directories": [str(each) for each in (*directories, open_file.parent)],
            "pids": pids,
            "requests": list(_of_programs(mine)),
        }
    )

    assert mine.state() == before
    assert mine.calls_since(length) == []
    assert not [what for what, found in got.items() if _has_a_secret(mine, found)]
    answers = {what: got.pop(what) for what in list(got) if isinstance(got[what], dict)}
    assert got.pop(f"read {open_file}") == "readable"
    assert got.pop(f"list {open_file.parent}") == ["open"]
    assert got.pop(f"enter {open_file.parent}") == "done"
    assert "local.ministack" in "".join(got.pop(f"cmdline of {pid}") or "" for pid in pids)
    assert {what: found for what, found in got.items() if found is not None} == {}
    taken = {what: each for what, each in answers.items() if not 400 <= each["status"] < 500}
    assert {what: each for what, each in taken.items() if CFN_RESPONSE not in what} == {}
    assert not any(each["text"] for each in taken.values())
    assert len(answers) > 100


def _files_of(directory: Path) -> tuple[list[Path], list[Path]]:
    """Some files of each directory, which are thousands in the layers."""
    files: list[Path] = []
    directories: list[Path] = []
    for each, below, names in os.walk(directory):
        directories.append(Path(each))
        files += [Path(each, name) for name in names[:5]]
        below[:] = [name for name in below if len(directories) < 400]
    return files, directories


def _of_programs(mine: Belongings) -> Iterator[dict[str, object]]:
    """Every request without credentials, and with such as one can guess."""
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{mine.function}"
    guesses = {
        "unsigned": None,
        "test": Credentials("test", "test"),
        "the account": Credentials("000000000000", "test"),
        "a key": Credentials("AKIAIOSFODNN7EXAMPLE", "guessed"),
        "a function": Credentials(*session_credentials(arn, mine.role), "token"),
    }
    for port, server in listening_ports(mine.settings).items():
        base = f"{'https' if server == AWS else 'http'}://127.0.0.1:{port}"
        for name, credentials in guesses.items():
            for request in _to(server, mine):
                yield {**request.at(base, credentials), "credentials": name}


def _has_a_secret(mine: Belongings, found: object) -> bool:
    return any(each in json.dumps(found) for each in mine.secrets)
