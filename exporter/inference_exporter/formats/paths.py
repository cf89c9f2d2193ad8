"""Paths into nested objects, and the walker that follows them in a dict.

`a.b.c` may be a key that is literally `a.b.c`, or `b.c` in `a`, or `c` in `b` in `a`: ECS lines
mix both styles. The first route that leads to a value that is not null counts. `a[0]` is the first
entry of the list `a`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

UNUSABLE = "\x00unusable"
"""Stands for a value that is present but cannot be used: an object, a list, NaN."""

Route = tuple[str | int, ...]

_INDEX = re.compile(r"\[([0-9]+)\]")


def routes(path: str) -> tuple[Route, ...]:
    """All readings of a path, the most literal first.

    >>> routes("a.b.c")
    (('a.b.c',), ('a', 'b.c'), ('a', 'b', 'c'))
    >>> routes("a[0].b")
    (('a[0].b',), ('a[0]', 'b'), ('a', 0, 'b'))
    """
    parts = path.split(".")
    plain: tuple[Route, ...] = tuple((*parts[:i], ".".join(parts[i:])) for i in range(len(parts)))
    indexed = tuple(key for part in parts for key in _keys(part))
    return plain if indexed == tuple(parts) else (*plain, indexed)


def _keys(part: str) -> Iterator[str | int]:
    """`a[0][1]` as the key a and the places 0 and 1."""
    name, bracket, _ = part.partition("[")
    places = _INDEX.findall(part)
    if not bracket or name + "".join(f"[{place}]" for place in places) != part:
        yield part
        return
    if name:
        yield name
    yield from map(int, places)


def ways(paths: tuple[str, ...]) -> tuple[Route, ...]:
    """All routes of several paths, in the order in which they are tried."""
    return tuple(route for path in paths for route in routes(path))


Follower = Callable[[Any], Any]


def walker(paths: tuple[str, ...]) -> Follower:
    """A function from a line's object to the raw value, None if there is none."""
    followers = [_follower(way) for way in ways(paths)]
    if len(followers) == 1:
        return followers[0]

    def walk(line: Any) -> Any:
        for follow in followers:
            value = follow(line)
            if value is not None:
                return value
        return None

    return walk


def _follower(way: Route) -> Follower:
    """A function that follows one route; most are short, and these functions are the inner loop."""
    if len(way) == 1 and isinstance(way[0], str):
        (only,) = way
        return lambda line: line.get(only) if line.__class__ is dict else None
    if len(way) == 2 and isinstance(way[0], str) and isinstance(way[1], str):
        first, second = way

        def follow_two(line: Any) -> Any:
            if line.__class__ is not dict:
                return None
            inner = line.get(first)
            return inner.get(second) if inner.__class__ is dict else None

        return follow_two

    def follow(line: Any) -> Any:
        for key in way:
            line = below(line, key)
            if line is None:
                return None
        return line

    return follow


Columns = Callable[[Sequence[Any]], Sequence[Any]]


def column_walker(paths: tuple[str, ...]) -> Columns:
    """As `walker` for many lines, which are dicts, at once: a third of the time."""
    followers = [_column_follower(way) for way in ways(paths)]

    def walk(lines: Sequence[Any]) -> Sequence[Any]:
        best: Sequence[Any] = (None,) * len(lines)
        for follow in followers:
            best = _filled(best, follow, lines)
            if None not in best:
                break
        return best

    return walk


def _filled(best: Sequence[Any], follow: Columns, lines: Sequence[Any]) -> Sequence[Any]:
    more = follow(lines)
    if best.count(None) == len(best):
        return more
    return [b if a is None else a for a, b in zip(best, more, strict=True)]


def _column_follower(way: Route) -> Columns:
    if len(way) == 1 and isinstance(way[0], str):
        (only,) = way
        return lambda lines: [line.get(only) for line in lines]
    if len(way) == 2 and isinstance(way[0], str) and isinstance(way[1], str):
        first, second = way
        return lambda lines: [
            inner.get(second) if (inner := line.get(first)).__class__ is dict else None
            for line in lines
        ]
    follow = _follower(way)
    return lambda lines: [follow(line) for line in lines]


def below(holder: Any, key: str | int) -> Any:
    """What an object has at a key, or a list at a place; None if there is none."""
    if holder.__class__ is dict:
        return holder.get(key)
    if holder.__class__ is list and key.__class__ is int and key < len(holder):
        return holder[key]
    return None


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
