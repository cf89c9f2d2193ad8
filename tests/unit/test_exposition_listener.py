"""Where to listen: Go's addresses, errors that say what to do, and a bound on connections."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

import pytest

from inference_exporter.errors import UsageError
from inference_exporter.exposition.listener import ListenError, bind, parse, url


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        (":9469", "", 9469),
        ("0.0.0.0:9469", "0.0.0.0", 9469),
        ("[::1]:9469", "::1", 9469),
        ("[::]:0", "::", 0),
        ("localhost:1", "localhost", 1),
    ],
)
def test_addresses_of_prometheus_are_understood(address: str, host: str, port: int) -> None:
    assert parse(address) == (host, port)


@pytest.mark.parametrize(
    "address", ["", "9469", "localhost", "localhost:", ":http", "::1:9469", ":65536", ":-1", ":٣"]
)
def test_addresses_that_are_none_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="listen address"):
        parse(address)


def test_port_in_use_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=r"in use; another .* --web.listen-address") as caught:
            bind(f"127.0.0.1:{port}", 1)
    assert caught.value.errno == errno.EADDRINUSE


def test_host_that_does_not_exist_is_explained() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on nowhere\.invalid:1"):
        bind("nowhere.invalid:1", 1)


def test_privileged_port_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(ListenError, match="ports below 1024 need privileges"):
        bind("127.0.0.1:80", 1)


def test_all_interfaces_without_ipv6_means_all_of_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    create = socket.create_server

    def no_ipv6(address: tuple[str, int], family: int = socket.AF_INET, **_: object) -> object:
        if family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6 here")
        return create(("127.0.0.1", address[1]))  # tests do not listen to the world

    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: True)
    monkeypatch.setattr(socket, "create_server", no_ipv6)
    with closing(bind(":0", 1)) as listener:
        assert listener.family == socket.AF_INET


def test_url_has_the_real_port_and_a_host_to_go_to() -> None:
    with closing(bind("127.0.0.1:0", 1)) as listener:
        port = listener.getsockname()[1]
        assert url(listener, "http") == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [(("::1", 1, 0, 0), "https://[::1]:1"), (("::", 2, 0, 0), "https://localhost:2")],
)
def test_url_of_ipv6(name: tuple[str, int, int, int], expected: str) -> None:
    class Listener:
        def getsockname(self) -> tuple[str, int, int, int]:
            return name

    assert url(Listener(), "https") == expected  # type: ignore[arg-type]


def test_connections_beyond_the_limit_are_hung_up_on_until_one_leaves() -> None:
    with closing(bind("127.0.0.1:0", 1)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address):
            first, _ = listener.accept()
            with socket.create_connection(address) as surplus:
                with pytest.raises(ConnectionAbortedError):
                    listener.accept()
                surplus.settimeout(10)
                assert surplus.recv(1) == b""
            first.close()
            with socket.create_connection(address):
                second, _ = listener.accept()
                second.close()
