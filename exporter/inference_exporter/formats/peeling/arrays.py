"""Lines that are JSON arrays of objects: an object a line, each with the text before the array."""

from __future__ import annotations

import json
import re

import msgspec

from inference_exporter.formats.peeling.edges import lines_without

_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
_ARRAY = re.compile(rb"^[^{\n]*\[\s*\{", re.MULTILINE)


def expand_arrays(block: bytes, *, closed: bool = True) -> bytes:
    r"""The block with every array taken apart; what is none stays as it is.

    Arrays that are still being written have no end; they are taken apart unless `closed`.

    >>> expand_arrays(b'[{"a": 1}, {"a": 2}]\nINFO [{"a": 3}, {"a": 4}]\n')
    b'{"a": 1}\n{"a": 2}\nINFO {"a": 3}\nINFO {"a": 4}\n'
    """
    others = lines_without(block, opening=True)
    if not any(block.find(b"[", *line) >= 0 for line in others) or not _ARRAY.search(block):
        return block
    if not closed:
        block = b"".join(_ended(line) for line in block.splitlines(keepends=True))
    return b"".join(
        entry + b"\n" for line in block.removesuffix(b"\n").split(b"\n")
        for entry in entries_of(line)
    )  # fmt: skip


def expand_first_array(block: bytes) -> bytes:
    """As `expand_arrays` where the first line is an array.

    Looking for arrays in between costs a tenth of reading a log: whoever decodes the lines does it
    once some of them are no objects.
    """
    return expand_arrays(block) if block.startswith(b"[") else block


def _ended(line: bytes) -> bytes:
    text = line.rstrip(b" ,\t\r\n")
    return text + b"]\n" if text.startswith(b"[") and text.endswith(b"}") else line


def entries_of(line: bytes) -> list[bytes]:
    """The objects of a line that is an array of them; else the line, as it is."""
    before, brace, _ = line.partition(b"{")
    opening = before.rstrip()
    if not brace or not opening.endswith(b"["):
        return [line]
    text = opening[:-1]
    try:
        entries = raw_entries(line[len(text) :])
    except (ValueError, RecursionError):
        return [line]
    if not entries or not all(entry.startswith(b"{") for entry in entries):
        return [line]
    return [text + entry.replace(b"\n", b" ") for entry in entries]


def raw_entries(text: bytes) -> list[bytes]:
    """The entries of an array, as they are; ValueError. Python writes NaN, which JSON has not."""
    try:
        return [bytes(entry) for entry in _decode(text)]
    except msgspec.MsgspecError:
        if b"NaN" not in text and b"Infinity" not in text:
            raise
    value = json.loads(text)
    return [json.dumps(entry).encode() for entry in value] if isinstance(value, list) else []
