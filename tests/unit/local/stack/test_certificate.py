"""The certificate, used by a real TLS server and client."""

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from local.stack.certificate import Certificate, issue


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_client_that_trusts_the_certificate_accepts_the_server(tmp_path: Path, name: str) -> None:
    assert _handshake(issue(tmp_path), name)


def test_the_strict_checks_of_newer_pythons_accept_it_too(tmp_path: Path) -> None:
    assert _handshake(issue(tmp_path), "127.0.0.1", ssl.VERIFY_X509_STRICT)


def test_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(issue(tmp_path), "example.com")


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    files = issue(tmp_path)

    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600


def _handshake(files: Certificate, name: str, flags: ssl.VerifyFlags = ssl.VERIFY_DEFAULT) -> bool:
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.certificate, files.key)
    client_context = ssl.create_default_context(cafile=files.certificate)
    client_context.verify_flags |= flags
    client, server = socket.socketpair()

    def serve() -> None:
        try:
            with server_context.wrap_socket(server, server_side=True) as secure:
                secure.recv(1)
        except OSError:
            # The client refused; it says why.
            server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client_context.wrap_socket(client, server_hostname=name) as secure:
            secure.send(b".")
            return True
    finally:
        client.close()
        thread.join(10)
