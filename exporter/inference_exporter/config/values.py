"""Checks of single values and of lists of them: text, numbers, durations, paths, choices."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeVar

from inference_exporter.config.checks import Check, Findings, closest, expected, shaped, wrong
from inference_exporter.values.batch import category_name

T = TypeVar("T")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_DURATIONS = {
    "anyOf": [{"type": "string", "pattern": f"^{_DURATION.pattern}$"}, {"type": "number"}]
}


@shaped({"type": "string"})
def text(value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise expected("text", value)
    return value


@shaped({"type": ["string", "number", "boolean"]})
def scalar_name(value: object) -> str:
    """A class, category or other value of a log, by its name."""
    if not isinstance(value, str | int | float):
        raise expected("a single value", value)
    return category_name(value)


@shaped({"type": "boolean"})
def true_or_false(value: object) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise expected("true or false", value)
    return value


def one_of(*allowed: str) -> Check[str]:
    """One of a few words."""

    @shaped({"enum": list(allowed)})
    def check(value: object) -> str:
        if value not in allowed or not isinstance(value, str):
            raise expected(f"one of {', '.join(allowed)}", value)
        return value

    return check


def number(low: float, high: float = math.inf) -> Check[float]:
    """A finite number in [low, high]."""
    span = f"a number of at least {low:g}" if high == math.inf else f"a number, {low:g} to {high:g}"

    @shaped({"type": "number", "minimum": low, "maximum": high})
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise expected(span, value)
        if not low <= value <= high or not math.isfinite(value):
            raise expected(span, value)
        return float(value)

    return check


def integer(low: int, high: int) -> Check[int]:
    """A whole number in [low, high]."""

    @shaped({"type": "integer", "minimum": low, "maximum": high})
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise expected(f"a whole number, {low} to {high}", value)
        return value

    return check


def duration(low: float, high: float) -> Check[float]:
    """A duration such as `5s`, or a number of seconds, in [low, high] seconds.

    >>> check = duration(0.0, 86400.0)
    >>> check("15m"), check("250ms"), check(2)
    (900.0, 0.25, 2.0)
    """

    @shaped(_DURATIONS)
    def check(value: object) -> float:
        seconds = _seconds(value)
        if seconds is None:
            raise expected("a duration such as 5s, 15m or 1h", value)
        if not low <= seconds <= high:
            raise expected(f"a duration between {span(low)} and {span(high)}", value)
        return seconds

    return check


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) * _SECONDS[match[2]] if match else None


def span(seconds: float) -> str:
    """Seconds as a person writes them.

    >>> [span(s) for s in (0.0, 0.01, 90.0, 3600.0, 2592000.0)]
    ['0s', '10ms', '90s', '1h', '30d']
    """
    for unit, size in reversed(_SECONDS.items()):
        if seconds and (seconds / size).is_integer():
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def list_of(check: Check[T], what: str) -> Check[tuple[T, ...]]:
    """A list without repetitions, at least one entry; a single value is a list of one."""

    @shaped({"anyOf": [check, {"type": "array", "items": check, "minItems": 1}]})
    def check_list(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            return (check(value),)
        if not value:
            raise wrong(f"expected {what}, got an empty list")
        findings = Findings()
        checked = [findings.take(f"[{i}]", check, entry) for i, entry in enumerate(value)]
        good = [entry for entry in checked if entry is not None]
        for i, entry in enumerate(good):
            if entry in good[:i]:
                findings.add(f"[{i}]", f"{getattr(entry, 'name', entry)} is in the list twice")
        findings.raise_any()
        return tuple(good)

    return check_list


def only_list_of(check: Check[T], what: str) -> Check[tuple[T, ...]]:
    """As `list_of`, but a single value is not enough."""
    check_list = list_of(check, what)

    @shaped({"type": "array", "items": check, "minItems": 1})
    def check_only(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise expected(what, value)
        return check_list(value)

    return check_only


def mapping_of(
    check: Check[T], what: str, known: Mapping[str, object] | None = None
) -> Check[dict[str, T]]:
    """A mapping of names to values; `known` limits the names."""

    @shaped({"type": "object", "additionalProperties": check})
    def check_mapping(value: object) -> dict[str, T]:
        if not isinstance(value, Mapping):
            raise expected(what, value)
        findings = Findings()
        for name in value:
            if not isinstance(name, str) or not name:
                findings.add(str(name), "expected a name; put it in quotes")
            elif known is not None and name not in known:
                findings.add(name, f"unknown name; {closest(name, known)}")
        pairs = {str(n): findings.take(str(n), check, entry) for n, entry in value.items()}
        findings.raise_any()
        return {name: entry for name, entry in pairs.items() if entry is not None}

    return check_mapping


@shaped(list_of(text, "a path or a list of paths"))
def paths(value: object) -> tuple[str, ...]:
    """One path into a line, or several of which the first that leads to a value counts."""
    if not isinstance(value, str | list) or value == "":
        raise expected("a path or a list of paths", value)
    return _paths(value)


_paths = list_of(text, "a path or a list of paths")
names = only_list_of(text, "a list of names")
