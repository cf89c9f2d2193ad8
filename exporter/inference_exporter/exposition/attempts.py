"""How many wrong passwords an address may try: checking one is slow on purpose.

A bucket of attempts for each address, which fills again slowly. Time is an argument. Of IPv6 all
addresses of a network of 64 bits have one: whoever has one of them has them all.
"""

from __future__ import annotations

import ipaddress

ATTEMPTS = 10  # at once
SECONDS = 5.0  # until another one may be made
ADDRESSES = 1024  # that are remembered, the ones that failed last
WAITING = 32  # passwords of all addresses that wait to be checked


class Attempts:
    """What is left to each address, and how many checks wait."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}  # attempts and when that was so
        self._waiting = 0

    def begin(self, address: str, now: float) -> float:
        """Take an attempt; seconds to wait where there is none, 0 if it may be made.

        >>> attempts = Attempts()
        >>> [attempts.begin("10.0.0.1", 0.0) for _ in range(ATTEMPTS)] == [0.0] * ATTEMPTS
        True
        >>> attempts.begin("10.0.0.1", 1.0)
        4.0
        """
        if self._waiting >= WAITING:
            return SECONDS
        address = network_of(address)
        left, since = self._left.pop(address, (float(ATTEMPTS), now))
        left = min(left + (now - since) / SECONDS, float(ATTEMPTS))
        if left < 1.0:
            self._left[address] = left, now
            return (1.0 - left) * SECONDS
        self._left[address] = left - 1.0, now
        while len(self._left) > ADDRESSES:
            del self._left[next(iter(self._left))]
        self._waiting += 1
        return 0.0

    def end(self, address: str, *, right: bool) -> None:
        """An attempt is over; a right one does not count."""
        self._waiting -= 1
        address = network_of(address)
        if right and address in self._left:
            left, since = self._left[address]
            self._left[address] = left + 1.0, since


def network_of(address: str) -> str:
    """What shares its attempts with the address.

    >>> network_of("2001:db8::17"), network_of("10.0.0.1"), network_of("::ffff:10.0.0.1")
    ('2001:db8::', '10.0.0.1', '::ffff:10.0.0.1')
    """
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return address
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))
