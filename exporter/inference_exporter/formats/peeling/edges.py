"""Which lines of a block begin or end otherwise than objects do: those that are to be searched."""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Ints

_LINE_END, _OPENING, _CLOSING = (np.uint8(byte) for byte in b"\n{}")


def lines_without(block: bytes, *, opening: bool) -> list[tuple[int, int]]:
    r"""Where lines are (start, end without the line end) that do not begin with {, or end with }.

    >>> lines_without(b'{"a": 1}\nINFO {}\n{"a": 2} ok\n', opening=True)
    [(9, 16)]
    >>> lines_without(b'{"a": 1}\nINFO {}\n{"a": 2} ok', opening=False)
    [(17, 28)]
    """
    data = np.frombuffer(block, np.uint8)
    ends: Ints = np.flatnonzero(data == _LINE_END)
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    starts = np.append(0, ends[:-1] + 1)
    full = np.flatnonzero(starts < ends)
    starts, ends = starts[full], ends[full]
    odd = data[starts] != _OPENING if opening else data[ends - 1] != _CLOSING
    return list(zip(starts[odd].tolist(), ends[odd].tolist(), strict=True))
