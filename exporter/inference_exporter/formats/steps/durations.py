"""Texts that say how long something took, with their units."""

from __future__ import annotations

import re

_UNITS = {
    "d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0, "sec": 1.0, "secs": 1.0,
    "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ns": 1e-9,
}  # fmt: skip
_PER_SECOND = {"ms": 1e3, "us": 1e6, "\u00b5s": 1e6, "\u03bcs": 1e6, "ns": 1e9}
_ONE = re.compile(r"([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)\s*([a-zA-Z\u00b5\u03bc]+)")
_CLOCK = re.compile(r"(?:([0-9]+) days?, )?([0-9]+):([0-9]{2}):([0-9]{2}(?:\.[0-9]*)?)")
_ISO = re.compile(
    r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]*)?)S)?)?", re.IGNORECASE
)


def seconds(text: str) -> float:
    """Seconds; ValueError for what is no duration. A number without a unit is seconds.

    >>> [seconds(text) for text in ("12.3ms", "1m30s", "PT1.5S", "0:00:01.5", "250us", "2")]
    [0.0123, 90.0, 1.5, 1.5, 0.00025, 2.0]
    """
    text = text.strip()
    one = _ONE.fullmatch(text)
    if one:  # dividing by 1000 gives the float nearest to the decimal value
        per_second = _PER_SECOND.get(one[2])
        return float(one[1]) / per_second if per_second else float(one[1]) * _unit(one[2])
    parts = _ONE.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.replace(" ", ""):
        return sum(float(number) * _unit(unit) for number, unit in parts)
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes = (int(part or 0) for part in clock.groups()[:3])
        return ((days * 24 + hours) * 60 + minutes) * 60 + float(clock[4])
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groups()):
        days, hours, minutes = (int(part or 0) for part in iso.groups()[:3])
        return ((days * 24 + hours) * 60 + minutes) * 60 + float(iso[4] or 0)
    return float(text)


def _unit(name: str) -> float:
    unit = _UNITS.get(name) or _UNITS.get(name.lower())
    if unit is None:
        raise ValueError(name)
    return unit
