"""Bounds that grow by one factor: those of Prometheus's native histograms.

A bound is 2^(index / 2^schema): of schema 3 each is 1.09 times the one before, of schema 2 1.19
times, of schema 1 1.41 times. Every bound of a schema is one of the next finer, so that counts of
one are sums of counts of the other.
https://prometheus.io/docs/specs/native_histograms/#schema
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ldexp

FINEST = 3
# 2^(i/8 - 1) as Prometheus has them: made with `pow`, the last digit would depend on the machine.
_OCTAVE = (
    0.5, 0.5452538663326288, 0.5946035575013605, 0.6484197773255048,
    0.7071067811865475, 0.7711054127039704, 0.8408964152537144, 0.9170040432046711,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Growing:
    """Bounds of a schema (0 to 3) from 2^lowest to 2^highest.

    >>> Growing(0, -2, 1).bounds
    (0.25, 0.5, 1.0, 2.0)
    """

    schema: int
    lowest: int
    highest: int

    @property
    def first(self) -> int:
        """The index of the lowest bound."""
        return self.lowest << self.schema

    @property
    def bounds(self) -> tuple[float, ...]:
        """Upper bounds, inclusive, ascending."""
        indexes = range(self.first, (self.highest << self.schema) + 1)
        return tuple(bound(index, self.schema) for index in indexes)


def bound(index: int, schema: int) -> float:
    """The inclusive upper bound of bucket `index`.

    >>> bound(0, 3), bound(-10, 0), bound(1, 3) == 2 ** 0.125
    (1.0, 0.0009765625, True)
    """
    octave, part = divmod(index << FINEST - schema, len(_OCTAVE))
    return ldexp(_OCTAVE[part], octave + 1)
