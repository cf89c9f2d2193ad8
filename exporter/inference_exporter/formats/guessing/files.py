"""What a file is that is no log, by its first bytes, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_KINDS = (
    (b"\x1f\x8b", "compressed: a name that ends in .gz tells so"),
    (b"BZh", "compressed with bzip2, which is not read: use gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard, which is not read: use gzip"),
    (b"\xfd7zXZ", "compressed with xz, which is not read: use gzip"),
    (b"PK\x03\x04", "a ZIP archive: unpack it, or use gzip"),
    (b"PAR1", "a Parquet file: `reference build` reads it, but it cannot be followed as a log"),
    (b"SQLite format 3", "a database and no log"),
)
_UTF_16 = "the file is UTF-16 and logs are read as UTF-8: convert it with iconv -f UTF-16 -t UTF-8"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MOST = 0.1  # of the bytes of a text


def no_log(lines: Sequence[bytes]) -> Iterator[str]:
    """Why lines are none of a log: one sentence, or nothing.

    >>> list(no_log(["a".encode("utf-16")]))
    ['the file is UTF-16 and logs are read as UTF-8: convert it with iconv -f UTF-16 -t UTF-8']
    >>> list(no_log([])), list(no_log([b"{}"]))
    (['the file is empty: run init again when there is something in it'], [])
    """
    sample = b"".join(lines)[: 1 << 16]
    if not sample.strip():
        yield "the file is empty: run init again when there is something in it"
        return
    for start, said in _KINDS:
        if sample.startswith(start):
            yield f"the file is {said}"
            return
    if sample.startswith(_WIDE) or sample.count(b"\x00") > len(sample) / 3:
        yield _UTF_16
    elif _odd(sample) > _MOST * len(sample):
        yield "the file is no text: nothing in it can be read"


def _odd(sample: bytes) -> int:
    """Bytes that no text has."""
    text = sample.decode("utf-8", "replace")
    return sum(char == "\ufffd" or (char < " " and char not in "\t\n\r\x1b") for char in text)
