"""Numbers for people: a few digits and a unit. The exact value goes into the tooltip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "share", "seconds", "age", "bytes", "plain"]

_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"))
_SMALL = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_LONG = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


@dataclass(frozen=True, slots=True)
class Number:
    """A value to show; where there is none, `why` says so in words."""

    value: float | None
    unit: Unit = "plain"
    why: str = ""


def digits(value: float, places: int = 3) -> str:
    """Write a number with so many significant digits; very small and large ones with an exponent.

    >>> [digits(v) for v in (0, 0.12345, 12.3456, 123.456, 999.95, 0.000123, 1234567.0, 1.23e-28)]
    ['0', '0.123', '12.3', '123', '1,000', '0.000123', '1,230,000', '1.23e-28']
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if not 1e-5 <= abs(value) < 1e12:
        return f"{value:.{places - 1}e}"
    rounded = float(f"{value:.{places - 1}e}")
    shown = max(0, places - 1 - math.floor(math.log10(abs(rounded))))
    written = f"{rounded:,.{shown}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def count(value: float) -> str:
    """Write a number of things.

    >>> [count(v) for v in (7.0, 12345.0, 1234567.0, 5.2e9)]
    ['7', '12,345', '1.23 M', '5.2 G']
    """
    for size, name in _LARGE:
        if abs(value) >= size:
            return f"{digits(value / size)} {name}"
    return f"{value:,.0f}" if value == round(value) else digits(value)


def share(value: float) -> str:
    """Write a ratio in per cent.

    >>> [share(v) for v in (0.0, 0.01234, 0.5, 1.0, 0.99996)]
    ['0 %', '1.23 %', '50 %', '100 %', '99.996 %']
    """
    percent = value * 100.0
    near = 99.9 < percent < 100.0  # 100 % is all of them, not nearly all
    return f"{digits(percent, 5 if near else 3)} %"


def seconds(value: float) -> str:
    """Write a duration.

    >>> [seconds(v) for v in (0.0, 0.0123, 1.5, 90.0, 7200.0, 200000.0)]
    ['0 s', '12.3 ms', '1.5 s', '1.5 min', '2 h', '2.31 d']
    """
    for size, name in _LONG:
        if abs(value) >= size:
            return f"{digits(value / size)} {name}"
    for size, name in _SMALL:
        if abs(value) >= size:
            return f"{digits(value / size)} {name}"
    return "0 s" if value == 0 else f"{digits(value * 1e6)} µs"


def age(value: float) -> str:
    """Write how long ago something was; nobody cares for the milliseconds.

    >>> [age(v) for v in (0.004, 3.0, 5400.0)]
    ['under 1 s ago', '3 s ago', '1.5 h ago']
    """
    return "under 1 s ago" if value < 1 else f"{seconds(value)} ago"


def size(value: float) -> str:
    """Write a number of bytes.

    >>> [size(v) for v in (0, 999, 12345, 3.2e9)]
    ['0 B', '999 B', '12.3 kB', '3.2 GB']
    """
    for one, name in (*_LARGE, (1e3, "k")):
        if abs(value) >= one:
            return f"{digits(value / one)} {name}B"
    return f"{value:.0f} B"


_WRITERS = {
    "count": count,
    "share": share,
    "seconds": seconds,
    "age": age,
    "bytes": size,
    "plain": digits,
}


def write(value: float, unit: Unit) -> str:
    """Write a value in its unit."""
    if not math.isfinite(value):
        return "not a number" if value != value else ("∞" if value > 0 else "−∞")
    return _WRITERS[unit](value).replace("-", "−")
