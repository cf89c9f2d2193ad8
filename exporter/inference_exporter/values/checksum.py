"""What is kept beside a row on disk, to tell whether it is what was written.

SQLite looks at the shape of its pages and not at what is in them: a bit that a disk has turned
within a value would be a count that nobody made.
"""

from __future__ import annotations

import zlib


def checksum(*values: object) -> int:
    """The CRC-32 of texts, bytes and numbers, one behind the other.

    >>> checksum("a", b"1") == checksum("a", b"1"), checksum(1, 2.0) == checksum(1, 2.5)
    (True, False)
    """
    crc = 0
    for value in values:
        crc = zlib.crc32(_bytes_of(value), crc)
    return crc


def _bytes_of(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return repr(value).encode()
