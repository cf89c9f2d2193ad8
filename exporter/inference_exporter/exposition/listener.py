"""The listening socket: address syntax, clear errors, and a bound on open connections.

Addresses are Go's, as everywhere in Prometheus: `:9469` (all interfaces, IPv4 and IPv6),
`0.0.0.0:9469`, `[::1]:9469`, `localhost:0` (a free port).
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from weakref import WeakSet

from inference_exporter.errors import UsageError

_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class ListenError(OSError):
    """The address cannot be listened on; the message says why and what to do."""

    def __str__(self) -> str:
        return self.strerror or super().__str__()  # without the number that OSError adds


class BoundedListener(socket.socket):
    """A listening socket that hangs up on clients beyond `limit` open connections.

    The bound is here and not in the HTTP server because connections count from their first
    packet: a TLS client that never finishes its handshake holds a descriptor as well. When it is
    full, `make_room` may cut off somebody who holds a connection for nothing, and says whether it
    did.
    """

    limit = 256
    only_metrics = False  # the rest is served at another address
    make_room: Callable[[], bool] = staticmethod(lambda: False)

    def __init__(self, fileno: int, limit: int) -> None:
        super().__init__(fileno=fileno)
        self.limit = limit
        self._open: WeakSet[socket.socket] = WeakSet()

    def accept(self) -> tuple[socket.socket, object]:
        """Accept, or refuse when full; asyncio takes the refusal for a client that left."""
        connection, address = super().accept()
        full = sum(other.fileno() >= 0 for other in self._open) >= self.limit
        if full and not self.make_room():
            connection.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "too many connections")
        self._open.add(connection)
        return connection, address


def bind(address: str, limit: int, option: str = "--web.listen-address") -> BoundedListener:
    """Bind `address`, which is from an option; at most `limit` connections will be open at once."""
    host, port = parse(address)
    try:
        bound = _bind_all(port) if not host else _bind(host, port)
    except OSError as error:
        raise ListenError(error.errno, _explain(address, error, option)) from error
    return BoundedListener(bound.detach(), limit)


def parse(address: str) -> tuple[str, int]:
    """Split an address into host (empty: every interface) and port.

    >>> parse(":9469"), parse("[::1]:9469"), parse("127.0.0.1:0")
    (('', 9469), ('::1', 9469), ('127.0.0.1', 0))
    """
    host, colon, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise UsageError(
            f"listen address {address!r}: write IPv6 addresses in brackets: [::1]:9469"
        )
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise UsageError(f"listen address {address!r}: expected host:port or :port, such as :9469")
    return host, int(port)


def url(listener: socket.socket, scheme: str) -> str:
    """Where the server can be reached from this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _bind_all(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:  # IPv6 compiled in, but switched off in this container
            if error.errno not in _NO_IPV6:
                raise
    return socket.create_server(("", port))


def _bind(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family)


def _explain(address: str, error: OSError, option: str) -> str:
    number = error.errno or 0
    reason = (
        os.strerror(number) if number > 0 else str(error.strerror)
    )  # getaddrinfo's are negative
    advice = {
        errno.EADDRINUSE: f"; another process listens there, choose {option}",
        errno.EACCES: f"; ports below 1024 need privileges, choose {option}",
    }.get(number, "")
    return f"cannot listen on {address}: {reason}{advice}"
