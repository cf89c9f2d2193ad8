"""Paths into nested objects, and the walker that follows them in a dict.

`a.b.c` may be a key that is literally `a.b.c`, or `b.c` in `a`, or `c` in `b` in `a`: ECS lines
mix both styles. The first route that leads to a value that is not null counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from inference_exporter.formats.columns.plan import UNUSABLE

Route = tuple[str, ...]


def routes(path: str) -> tuple[Route, ...]:
    """All readings of a path, the most literal first.

    >>> routes("a.b.c")
    (('a.b.c',), ('a', 'b.c'), ('a', 'b', 'c'))
    """
    parts = path.split(".")
    return tuple((*parts[:i], ".".join(parts[i:])) for i in range(len(parts)))


def ways(paths: tuple[str, ...]) -> tuple[Route, ...]:
    """All routes of several paths, in the order in which they are tried."""
    return tuple(route for path in paths for route in routes(path))


def walker(paths: tuple[str, ...]) -> Callable[[dict[str, object]], object]:
    """A function from a line's object to the raw value, None if there is none."""
    alternatives = ways(paths)

    def walk(line: dict[str, object]) -> object:
        for way in alternatives:
            value = _follow(line, way)
            if value is not None:
                return value
        return None

    return walk


def _follow(line: dict[str, object], way: Route) -> object:
    value: object = line
    for key in way:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def scalar(value: object) -> object:
    """The value if it is a scalar that can be used, else UNUSABLE.

    >>> scalar("x"), scalar(True), scalar({}) == scalar(float("nan")) == UNUSABLE
    ('x', True, True)
    """
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict | list) or (isinstance(value, float) and not math.isfinite(value)):
        return UNUSABLE
    return value


def whole(value: object) -> object:
    """A list or an object as it is, its texts such that they can be encoded."""
    if isinstance(value, list):
        return [scrub(one) if isinstance(one, str) else one for one in value]
    return scrub(value) if isinstance(value, str) else value


def scrub(text: str) -> str:
    """Text that can be encoded: lone surrogates, which JSON can spell, become `?`."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
