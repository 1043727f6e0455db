"""Free and taken ports."""

import socket

from local.machine.tcp_ports import free_ports, is_free


def test_a_port_with_a_server_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_a_port_with_a_server_on_every_address_is_taken() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 - the case itself
        assert not is_free(server.getsockname()[1])


def test_a_port_is_free_as_soon_as_its_server_has_stopped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            connection, _ = server.accept()
            connection.close()

    assert is_free(port)


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(5)

    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)
