"""What is written to a browser leaves at once, though the socket was bound before asyncio saw it."""

from __future__ import annotations

import socket

import pytest

from ui.sockets import lifespan


def test_connections_of_a_socket_that_listened_before_send_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as unbound:
        assert not _at_once(listening)
        with pytest.raises(StopIteration):
            lifespan(None).__aenter__().send(None)  # without a loop: that of the browser may run in this thread
        assert not _at_once(unbound), "it does not listen"
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert _at_once(accepted)


def _at_once(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
