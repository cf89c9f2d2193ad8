"""Colour codes of a terminal, which some loggers write to files as well."""

from __future__ import annotations

import re

_COLOUR = re.compile(rb"\x1b\[[0-9;]*[mK]")  # K: as far as the colour of the line goes


def without_colours(block: bytes) -> bytes:
    r"""The block without colour codes. JSON has no such bytes, also not in its texts.

    >>> without_colours(b'\x1b[32mINFO\x1b[0m {"a": 1}\n')
    b'INFO {"a": 1}\n'
    """
    return _COLOUR.sub(b"", block) if b"\x1b" in block else block
