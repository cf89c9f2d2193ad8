"""Lines that are JSON arrays of objects: an object a line."""

from __future__ import annotations

import msgspec

_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode


def expand_arrays(block: bytes, *, closed: bool = True) -> bytes:
    r"""The block with every array taken apart; what is none stays as it is.

    Arrays that are still being written have no end; they are taken apart unless `closed`.

    >>> expand_arrays(b'[{"a": 1}, {"a": 2}]\n{"a": 3}\n')
    b'{"a": 1}\n{"a": 2}\n{"a": 3}\n'
    """
    if not block.startswith(b"[") and b"\n[" not in block:
        return block
    if not closed:
        block = b"".join(_ended(line) for line in block.splitlines(keepends=True))
    return b"".join(_one(line) for line in block.splitlines(keepends=True))


def expand_first_array(block: bytes) -> bytes:
    """As `expand_arrays` where the first line is an array.

    Looking for arrays in between costs a tenth of reading a log: whoever decodes the lines does it
    once some of them are no objects.
    """
    return expand_arrays(block) if block.startswith(b"[") else block


def _ended(line: bytes) -> bytes:
    text = line.rstrip(b" ,\t\r\n")
    return text + b"]\n" if text.startswith(b"[") and text.endswith(b"}") else line


def _one(line: bytes) -> bytes:
    if not line.startswith(b"["):
        return line
    try:
        entries = [bytes(entry) for entry in _decode(line)]
    except (msgspec.MsgspecError, RecursionError):
        return line
    if not entries or not all(entry.startswith(b"{") for entry in entries):
        return line
    return b"".join(entry.replace(b"\n", b" ") + b"\n" for entry in entries)
