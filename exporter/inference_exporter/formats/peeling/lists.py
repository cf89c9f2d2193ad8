"""Lines that are lists, whose entries have their names in the configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from inference_exporter.formats.peeling.arrays import raw_entries


def named_lists(names: Sequence[str]) -> Callable[[bytes], bytes]:
    r"""A function that makes objects of lists; a list of another length stays as it is.

    >>> named_lists(["at", "id"])(b'[1.5, "q1"]\n[2]\n')
    b'{"at":1.5,"id":"q1"}\n[2]\n'
    """
    keys = [json.dumps(name).encode() + b":" for name in names]

    def named(line: bytes) -> bytes:
        at = line.find(b"[")
        if at < 0 or b"{" in line[:at]:
            return line
        try:
            entries = raw_entries(line[at:])
        except (ValueError, RecursionError):
            return line
        if len(entries) != len(keys):
            return line
        inside = b",".join(key + entry for key, entry in zip(keys, entries, strict=True))
        return b"%b{%b}" % (line[:at], inside)

    return lambda block: b"\n".join(map(named, block.split(b"\n")))
