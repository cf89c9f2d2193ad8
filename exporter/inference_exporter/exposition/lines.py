"""Values to lines: `prefix value`, the loop that every scrape spends its time in.

About 0.25 µs per series. A NumPy scalar's repr (`np.float64(1.0)`) would make Prometheus refuse
the whole page, and so would Python's `inf`: both are looked for once per piece, not per value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from inference_exporter.values.samples import Samples, format_value

# Lines per piece of text. Joining, encoding and freeing them hold the interpreter lock; with
# 2,000 lines of 120 bytes each takes a tenth of a millisecond, whatever the size of the page.
CHUNK = 2000

_PLAIN = frozenset({float, int})


def sample_lines(block: Samples) -> Iterator[list[str]]:
    """The lines of a block in the order of its values, without line ends, in pieces."""
    for start in range(0, len(block.values), CHUNK):
        end = start + CHUNK
        yield _paired(block.series.prefixes[start:end], block.values[start:end])


def value_text(value: float) -> str:
    """Write any number, whatever its type, as a plain float.

    >>> import numpy
    >>> value_text(numpy.float32(0.5)), value_text(numpy.int64(3)), value_text(float("inf"))
    ('0.5', '3.0', '+Inf')
    """
    return format_value(as_float(value))


def as_float(value: float) -> float:
    """The number as a plain float; an int that no float can hold becomes infinite.

    >>> as_float(10**400)
    inf
    """
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def chunks(parts: Iterable[list[str]]) -> Iterator[bytes]:
    r"""Gather lines into encoded pieces of at least `CHUNK` lines, less than twice that.

    >>> list(chunks([["a 1"], ["b 2"]]))
    [b'a 1\nb 2\n']
    """
    waiting: list[str] = []
    for part in parts:
        waiting += part
        if len(waiting) >= CHUNK:
            yield _encoded(waiting)
            waiting = []
    if waiting:
        yield _encoded(waiting)


def _encoded(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _paired(prefixes: Sequence[str], values: Sequence[float]) -> list[str]:
    if _as_python_writes_them(values):
        return [f"{prefix}{value!r}" for prefix, value in zip(prefixes, values, strict=True)]
    texts = map(value_text, values)
    return [f"{prefix}{text}" for prefix, text in zip(prefixes, texts, strict=True)]


def _as_python_writes_them(values: Sequence[float]) -> bool:
    """Whether `repr` of each value is a number that Prometheus reads: finite, float or int."""
    if not _PLAIN.issuperset(map(type, values)):
        return False
    try:
        total = sum(values, 0.0)
    except OverflowError:
        return False
    return total - total == 0.0  # NaN and infinities survive every addition
