"""What tests may reach: this machine, and nothing else."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_no_test_reaches_another_machine() -> None:
    # An address for documentation: unblocked, this would wait for nobody.
    with (
        socket.socket() as ours,
        pytest.warns(UserWarning, match=r"192\.0\.2\.1"),
        pytest.raises(SocketConnectBlockedError),
    ):
        ours.connect(("192.0.2.1", 443))


def test_a_test_may_serve_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
