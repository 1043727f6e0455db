"""`relayctl console` prints the address of its run, and says why it cannot begin."""

import asyncio
import socket
import webbrowser
from collections.abc import Callable

import pytest
from aiohttp import web

from relayctl.console import running
from tests.support.console.page import ConsoleDeployment
from tests.support.relayctl.commands import Commands


@pytest.fixture
def relayctl(deployment: ConsoleDeployment, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands; the page ends when it is ready."""

    async def serve(_: web.Application, sock: socket.socket, ready: Callable[[], None]) -> None:
        assert sock.getsockname()[0] == "127.0.0.1"
        await asyncio.sleep(0)
        ready()

    monkeypatch.setattr(running, "serve", serve)
    monkeypatch.delenv("AWS_ENDPOINT_URL_SAGEMAKER", raising=False)
    return Commands(deployment)


def test_a_person_reads_the_address(relayctl: Commands) -> None:
    ended = relayctl("console")

    assert ended.exit == 0
    assert "relay in us-east-1: open this address in a browser" in ended.out
    assert "http://127.0.0.1:" in ended.out
    assert "/?token=" in ended.out


def test_a_program_reads_the_address(relayctl: Commands) -> None:
    document = relayctl("console", "--json").document

    assert document["stack"] == "relay"
    assert document["url"].startswith("http://127.0.0.1:")


def test_a_browser_is_opened_if_asked_for(
    relayctl: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)

    relayctl("console")
    assert opened == []
    relayctl("console", "--open")

    assert len(opened) == 1


def test_a_port_in_use_is_said(relayctl: Commands) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = relayctl("console", "--port", str(other.getsockname()[1]))

    assert ended.exit == 2
    assert "set another --port" in " ".join(ended.err.split())


def test_another_stack_is_refused_at_once(
    relayctl: Commands, deployment: ConsoleDeployment
) -> None:
    deployment.__dict__["outputs"] = {}

    ended = relayctl("console")

    assert ended.exit == 3
    assert "it is not a stack of the relay" in " ".join(ended.err.split())
